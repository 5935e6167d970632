import type { Clock } from '../../shared/clock.ts'
import { LruMap } from './lru-map.ts'

export interface Occurrence {
  /** The UID of what it is about. */
  uid: string
  type: string
  reason: string
  message: string
  /** Which part of it. */
  fieldPath?: string | undefined
}

/** Occurrences with one `key` are told as one Event that counts. */
export interface Correlation {
  key: string
  message: string
  /** Its object has had its share of writes: it counts, and is told with the next one. */
  isSpam: boolean
}

const CAPACITY = 4096
/** More messages than this for one object and reason, within the window, become one Event. */
const SIMILAR_LIMIT = 10
const SIMILAR_WINDOW_MS = 10 * 60_000
/** Events for one object: this many at once, then one more per interval. */
const BURST = 25
const REFILL_INTERVAL_MS = 5 * 60_000

interface Similar {
  messages: Set<string>
  lastMs: number
}

interface Bucket {
  tokens: number
  filledMs: number
}

/**
 * Decides which occurrences belong together and which are too many, with the limits of Kubernetes' event correlator:
 * so a failing loop costs a bounded number of writes.
 */
export class EventCorrelator {
  readonly #clock: Clock
  readonly #similar = new LruMap<string, Similar>(CAPACITY)
  readonly #buckets = new LruMap<string, Bucket>(CAPACITY)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  correlate(occurrence: Occurrence): Correlation {
    return { ...this.#combine(occurrence), isSpam: !this.#spend(occurrence.uid) }
  }

  #combine({ uid, type, reason, message, fieldPath = '' }: Occurrence): Omit<Correlation, 'isSpam'> {
    const nowMs = this.#clock.monotonic()
    const group = [uid, fieldPath, type, reason].join('\n')
    const similar = this.#similar.getOrCreate(group, () => ({ messages: new Set(), lastMs: nowMs }))
    if (nowMs - similar.lastMs > SIMILAR_WINDOW_MS) similar.messages.clear()
    similar.lastMs = nowMs
    if (similar.messages.size < SIMILAR_LIMIT) similar.messages.add(message)
    if (similar.messages.has(message)) return { key: `${group}\n${message}`, message }
    return { key: group, message: `(combined from similar events): ${message}` }
  }

  #spend(uid: string): boolean {
    const nowMs = this.#clock.monotonic()
    const bucket = this.#buckets.getOrCreate(uid, () => ({ tokens: BURST, filledMs: nowMs }))
    bucket.tokens = Math.min(BURST, bucket.tokens + (nowMs - bucket.filledMs) / REFILL_INTERVAL_MS)
    bucket.filledMs = nowMs
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}
