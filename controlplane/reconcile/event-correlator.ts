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
/** So many on credit, of those that tell something new: what repeats for long shall not hide what it led to. */
const CREDIT = 10

interface Similar {
  messages: Set<string>
  /** The keys of those that were told. */
  told: Set<string>
  lastMs: number
}

interface Bucket {
  tokens: number
  filledMs: number
}

/**
 * Decides which occurrences belong together and which are too many, with the limits of Kubernetes' event correlator, and
 * a few more for what is new: so a failing loop costs a bounded number of writes.
 */
export class EventCorrelator {
  readonly #clock: Clock
  readonly #similar = new LruMap<string, Similar>(CAPACITY)
  readonly #buckets = new LruMap<string, Bucket>(CAPACITY)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  correlate(occurrence: Occurrence): Correlation {
    const { uid, type, reason, message, fieldPath = '' } = occurrence
    const group = [uid, fieldPath, type, reason].join('\n')
    const similar = this.#similarTo(group)
    const combined = combine(group, message, similar)
    const isSpam = !this.#spend(uid, similar.told.has(combined.key) ? 0 : CREDIT)
    if (!isSpam) similar.told.add(combined.key)
    return { ...combined, isSpam }
  }

  #similarTo(group: string): Similar {
    const nowMs = this.#clock.monotonic()
    const similar = this.#similar.getOrCreate(group, () => ({ messages: new Set(), told: new Set(), lastMs: nowMs }))
    if (nowMs - similar.lastMs > SIMILAR_WINDOW_MS) {
      similar.messages.clear()
      similar.told.clear()
    }
    similar.lastMs = nowMs
    return similar
  }

  #spend(uid: string, credit: number): boolean {
    const nowMs = this.#clock.monotonic()
    const bucket = this.#buckets.getOrCreate(uid, () => ({ tokens: BURST, filledMs: nowMs }))
    bucket.tokens = Math.min(BURST, bucket.tokens + (nowMs - bucket.filledMs) / REFILL_INTERVAL_MS)
    bucket.filledMs = nowMs
    if (bucket.tokens + credit < 1) return false
    bucket.tokens -= 1
    return true
  }
}

function combine(group: string, message: string, { messages }: Similar): Omit<Correlation, 'isSpam'> {
  if (messages.size < SIMILAR_LIMIT) messages.add(message)
  if (messages.has(message)) return { key: `${group}\n${message}`, message }
  return { key: group, message: `(combined from similar events): ${message}` }
}
