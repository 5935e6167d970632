/** Doubling delays with a ceiling: `initialMs`, 2x, 4x ... `maxMs`. */
export class Backoff {
  readonly #initialMs: number
  readonly #maxMs: number
  #nextMs: number

  constructor(options: { initialMs: number; maxMs: number }) {
    this.#initialMs = options.initialMs
    this.#maxMs = options.maxMs
    this.#nextMs = options.initialMs
  }

  /** The delay to wait now; the one after it is twice as long. */
  next(): number {
    const delayMs = this.#nextMs
    this.#nextMs = Math.min(delayMs * 2, this.#maxMs)
    return delayMs
  }

  reset(): void {
    this.#nextMs = this.#initialMs
  }
}
