/** Lets only so many run at a time; the others wait for their turn, in order. */
export class Turnstile {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Nobody is inside, so nobody waits. */
  get isEmpty(): boolean {
    return this.#inside === 0
  }

  async pass<T>(run: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#inside++
    try {
      return await run()
    } finally {
      // Whoever is next takes the place that becomes free.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#inside--
    }
  }
}
