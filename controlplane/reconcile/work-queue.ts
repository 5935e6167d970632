import type { ObjectKey } from '../../shared/api/object.ts'
import { Backoff } from '../../shared/backoff.ts'
import type { Clock, Timer } from '../../shared/clock.ts'
import type { Random } from '../../shared/random.ts'
import { jittered } from './jitter.ts'

export interface WorkQueueOptions {
  clock: Clock
  random: Random
  /** How long a key waits after its first failure in a row, and at most. */
  backoff?: { initialMs: number; maxMs: number }
}

const BACKOFF = { initialMs: 10, maxMs: 30_000 }

/**
 * Keys waiting for work, first come first served. A key waits once however often it is added; one that is added while
 * it is worked on waits again after `done`, so that it is never in two hands.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #random: Random
  readonly #backoff: { initialMs: number; maxMs: number }
  readonly #waiting = new Set<ObjectKey>()
  readonly #taken = new Set<ObjectKey>()
  readonly #again = new Set<ObjectKey>()
  readonly #failures = new Map<ObjectKey, Backoff>()
  readonly #delayed = new Map<ObjectKey, { at: number; timer: Timer }>()
  #takers: ((key: ObjectKey | undefined) => void)[] = []
  #closed = false

  constructor({ clock, random, backoff = BACKOFF }: WorkQueueOptions) {
    this.#clock = clock
    this.#random = random
    this.#backoff = backoff
  }

  /** Keys that could be taken now. */
  get length(): number {
    return this.#waiting.size
  }

  add(key: ObjectKey): void {
    if (this.#closed) return
    if (this.#taken.has(key)) {
      this.#again.add(key)
      return
    }
    this.#waiting.add(key)
    const taker = this.#takers.shift()
    if (taker) taker(this.#takeFirst())
  }

  /** Adds the key when `delayMs` have passed; of several delayed adds of one key the earliest counts. */
  addAfter(key: ObjectKey, delayMs: number): void {
    if (this.#closed) return
    if (delayMs <= 0) {
      this.add(key)
      return
    }
    const at = this.#clock.monotonic() + delayMs
    const pending = this.#delayed.get(key)
    if (pending && pending.at <= at) return
    pending?.timer.cancel()
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { at, timer })
  }

  /** Adds the key after a delay that doubles with every call since `forget`. */
  retry(key: ObjectKey): void {
    const backoff = this.#failures.get(key) ?? new Backoff(this.#backoff)
    this.#failures.set(key, backoff)
    this.addAfter(key, jittered(backoff.next(), this.#random))
  }

  /** Work on the key succeeded: the next failure is the first again. */
  forget(key: ObjectKey): void {
    this.#failures.delete(key)
  }

  /** The next key, to be given back with `done`; undefined once the queue is closed. */
  take(): Promise<ObjectKey | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    if (this.#waiting.size > 0) return Promise.resolve(this.#takeFirst())
    return new Promise((resolve) => this.#takers.push(resolve))
  }

  done(key: ObjectKey): void {
    this.#taken.delete(key)
    if (this.#again.delete(key)) this.add(key)
  }

  /** Drops all that waits and sends every taker home. */
  close(): void {
    this.#closed = true
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
    this.#waiting.clear()
    for (const resolve of this.#takers.splice(0)) resolve(undefined)
  }

  #takeFirst(): ObjectKey | undefined {
    const [key] = this.#waiting
    if (key === undefined) return undefined
    this.#waiting.delete(key)
    this.#taken.add(key)
    return key
  }
}
