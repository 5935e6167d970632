import type { Clock } from '../../shared/clock.ts'

/** It may have been built for more since. */
const FORGOTTEN_AFTER_MS = 600_000

/** The images that were seen, not long ago, to have nothing for this machine's architecture. */
export class UnfitImages {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #seenMs = new Map<string, number>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  add(image: string): void {
    this.#seenMs.set(image, this.#clock.monotonic())
  }

  delete(image: string): void {
    this.#seenMs.delete(image)
  }

  /** As Pods name them, sorted. */
  names(): string[] {
    const since = this.#clock.monotonic() - FORGOTTEN_AFTER_MS
    for (const [image, seenMs] of this.#seenMs) if (seenMs < since) this.#seenMs.delete(image)
    return [...this.#seenMs.keys()].sort()
  }
}
