/** How many there are of each number: for few numbers that are had by many. */
export class Tally {
  readonly #counts = new Map<number, number>()

  /** Infinite where there are none. */
  get lowest(): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const number of this.#counts.keys()) if (number < lowest) lowest = number
    return lowest
  }

  add(number: number): void {
    this.#counts.set(number, (this.#counts.get(number) ?? 0) + 1)
  }

  remove(number: number): void {
    const count = this.#counts.get(number) ?? 0
    if (count > 1) this.#counts.set(number, count - 1)
    else this.#counts.delete(number)
  }
}
