import type { ObjectKey } from '../../shared/api/object.ts'
import type { Clock } from '../../shared/clock.ts'

interface Expected {
  creations: number
  /** UIDs of what is to go. */
  deletions: Set<string>
  since: number
}

const TIMEOUT_MS = 5 * 60_000

/**
 * What a controller has done that its informer does not show yet. While a key's expectations are open its controller
 * must neither create nor delete, or it would do the same twice. They lapse after five minutes, in case a
 * change was never shown.
 */
export class Expectations {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #open = new Map<ObjectKey, Expected>()

  constructor(clock: Clock, timeoutMs = TIMEOUT_MS) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  expectCreations(key: ObjectKey, count: number): void {
    this.#begin(key).creations += count
  }

  expectDeletions(key: ObjectKey, uids: Iterable<string>): void {
    const { deletions } = this.#begin(key)
    for (const uid of uids) deletions.add(uid)
  }

  creationObserved(key: ObjectKey): void {
    const expected = this.#open.get(key)
    if (!expected) return
    expected.creations = Math.max(0, expected.creations - 1)
    this.#closeIfMet(key, expected)
  }

  deletionObserved(key: ObjectKey, uid: string): void {
    const expected = this.#open.get(key)
    if (!expected) return
    expected.deletions.delete(uid)
    this.#closeIfMet(key, expected)
  }

  /** 0 where all was observed or the wait has lapsed, else how long it may still take. */
  remainingMs(key: ObjectKey): number {
    const expected = this.#open.get(key)
    return expected ? Math.max(0, expected.since + this.#timeoutMs - this.#clock.monotonic()) : 0
  }

  satisfied(key: ObjectKey): boolean {
    return this.remainingMs(key) === 0
  }

  forget(key: ObjectKey): void {
    this.#open.delete(key)
  }

  #begin(key: ObjectKey): Expected {
    if (this.satisfied(key)) this.#open.delete(key)
    const expected = this.#open.get(key) ?? { creations: 0, deletions: new Set(), since: 0 }
    expected.since = this.#clock.monotonic()
    this.#open.set(key, expected)
    return expected
  }

  #closeIfMet(key: ObjectKey, expected: Expected): void {
    if (expected.creations === 0 && expected.deletions.size === 0) this.#open.delete(key)
  }
}
