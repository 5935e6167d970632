import type { Clock } from '../../../shared/clock.ts'
import { messageLayout } from './message-layout.ts'

/** As CoreDNS is usually set up: nothing is kept for longer. */
const MOST_SECONDS = 30
const MOST_ANSWERS = 2000
const NO_ERROR = 0
const NO_SUCH_NAME = 3

interface Kept {
  message: Buffer
  ttlOffsets: readonly number[]
  keptAtMs: number
  expiresAtMs: number
}

/** What other servers answered lately, whole messages by question. Bounded: the oldest go first. */
export class AnswerCache {
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The answer to the same question, with this query's number and spelling, and the time that has passed taken off. */
  find(key: string, query: Buffer, questionsEnd: number): Buffer | undefined {
    const kept = this.#kept.get(key)
    const now = this.#clock.monotonic()
    if (!kept || kept.expiresAtMs <= now) {
      this.#kept.delete(key)
      return undefined
    }
    const message = Buffer.from(kept.message)
    message.writeUInt16BE(query.readUInt16BE(0), 0)
    query.copy(message, 12, 12, questionsEnd)
    const passedSeconds = Math.floor((now - kept.keptAtMs) / 1000)
    for (const at of kept.ttlOffsets) message.writeUInt32BE(Math.max(0, message.readUInt32BE(at) - passedSeconds), at)
    return message
  }

  /** Failures and truncated answers are not kept, nor what says that it holds for no time. */
  keep(key: string, message: Buffer): void {
    const { responseCode, truncated, leastTtl = 0, ttlOffsets } = messageLayout(message)
    if (truncated || leastTtl === 0 || (responseCode !== NO_ERROR && responseCode !== NO_SUCH_NAME)) return
    const keptAtMs = this.#clock.monotonic()
    const expiresAtMs = keptAtMs + Math.min(leastTtl, MOST_SECONDS) * 1000
    this.#kept.delete(key)
    this.#kept.set(key, { message: Buffer.from(message), ttlOffsets, keptAtMs, expiresAtMs })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST_ANSWERS && oldest !== undefined) this.#kept.delete(oldest)
  }
}
