import type { ObjectKey } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'

/** Lets the first write for a key go at once, and those that follow it closely only together. */
export class BurstLimit {
  readonly #clock: Clock
  readonly #burstMs: number
  readonly #writtenAtMs = new Map<ObjectKey, number>()

  constructor(clock: Clock, burstMs: number) {
    this.#clock = clock
    this.#burstMs = burstMs
  }

  /** Until the next write; 0 is now. */
  waitMs(key: ObjectKey): number {
    const writtenAtMs = this.#writtenAtMs.get(key)
    return writtenAtMs === undefined ? 0 : Math.max(0, writtenAtMs + this.#burstMs - this.#clock.monotonic())
  }

  wrote(key: ObjectKey): void {
    this.#writtenAtMs.set(key, this.#clock.monotonic())
  }

  forget(key: ObjectKey): void {
    this.#writtenAtMs.delete(key)
  }
}
