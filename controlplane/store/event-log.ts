import { Compacted, type StoreEvent } from './store.ts'

export interface EventLogLimits {
  /** How many events are kept at present for those who come back or lag behind. */
  maxEvents(): number
  /** Bytes of values that these may hold together. */
  maxBytes: number
}

interface Reader {
  readonly prefix: string
  /** The number of the event to look at next. */
  next: number
  /** Set while it waits for an event. */
  wake: (() => void) | undefined
}

/**
 * The newest events, shared by all watchers: each is only a position in it, so a slow one costs no memory and ends
 * with Compacted when what it has not seen yet is dropped.
 */
export class EventLog {
  readonly #limits: EventLogLimits
  #events: StoreEvent[] = []
  /** The number of the first event in `#events`; numbers count from the first event ever. */
  #first = 0
  #bytes = 0
  /** The revision of the newest event no longer held. */
  #compacted: number
  readonly #waiting = new Set<Reader>()
  #ended = false

  constructor(revision: number, limits: EventLogLimits) {
    this.#compacted = revision
    this.#limits = limits
  }

  append(events: readonly StoreEvent[]): void {
    for (const event of events) {
      this.#events.push(event)
      this.#bytes += sizeOf(event)
    }
    this.#trim()
    this.#wakeReaders(events)
  }

  /** Ends every reader. */
  end(): void {
    this.#ended = true
    for (const reader of this.#waiting) reader.wake?.()
    this.#waiting.clear()
  }

  /** Events above revision `after`, newest last. Throws Compacted when some of them are gone. */
  since(after: number): readonly StoreEvent[] {
    return this.#events.slice(this.#indexAfter(after))
  }

  async *read(prefix: string, after: number, signal: AbortSignal): AsyncGenerator<StoreEvent> {
    const reader: Reader = { prefix, next: this.#first + this.#indexAfter(after), wake: undefined }
    let seen = after
    while (!signal.aborted && !this.#ended) {
      if (reader.next < this.#first) throw new Compacted(seen, this.#compacted)
      const event = this.#events[reader.next - this.#first]
      if (!event) {
        await this.#wait(reader, signal)
        continue
      }
      reader.next++
      seen = event.revision
      if (keyOf(event).startsWith(prefix)) yield event
    }
  }

  #indexAfter(after: number): number {
    if (after < this.#compacted) throw new Compacted(after, this.#compacted)
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#events[middle] as StoreEvent).revision <= after) low = middle + 1
      else high = middle
    }
    return low
  }

  #trim(): void {
    const maxEvents = this.#limits.maxEvents()
    let drop = 0
    while (this.#events.length - drop > maxEvents || this.#bytes > this.#limits.maxBytes) {
      const event = this.#events[drop++] as StoreEvent
      this.#bytes -= sizeOf(event)
      this.#compacted = event.revision
    }
    if (drop === 0) return
    this.#events.splice(0, drop)
    this.#first += drop
  }

  /** Those whom none of the events concerns wait on, and have seen them. */
  #wakeReaders(events: readonly StoreEvent[]): void {
    for (const reader of this.#waiting) {
      if (events.some((event) => keyOf(event).startsWith(reader.prefix))) reader.wake?.()
      else reader.next += events.length
    }
  }

  #wait(reader: Reader, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(reader)
        resolve()
      }
      reader.wake = wake
      signal.addEventListener('abort', wake)
      this.#waiting.add(reader)
    })
  }
}

function keyOf(event: StoreEvent): string {
  return event.type === 'put' ? event.stored.key : event.previous.key
}

/** A previous value mostly is the value of an event before: only the new one counts. */
function sizeOf(event: StoreEvent): number {
  return event.type === 'put' ? event.stored.value.byteLength : event.previous.value.byteLength
}
