import type { Clock } from '../shared/clock.ts'

export interface TurnsOptions {
  clock: Clock
  /** After this time the next one begins, though the one before it is not done. */
  maxMs: number
}

/** Lets one piece of work begin when the one before it is done, or has kept the others waiting for long enough. */
export class Turns {
  readonly #options: TurnsOptions
  #last: Promise<void> = Promise.resolve()

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  /** What `work` comes to, once it had its turn. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last
    let end = () => {}
    this.#last = new Promise((resolve) => {
      end = resolve
    })
    await before
    const { clock, maxMs } = this.#options
    const timer = clock.after(maxMs, end)
    try {
      return await work()
    } finally {
      timer.cancel()
      end()
    }
  }
}
