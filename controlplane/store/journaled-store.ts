import { EventLog, type EventLogLimits } from './event-log.ts'
import type { Journal, JournalRecord, Recovered } from './journal.ts'
import { SortedMap } from './sorted-map.ts'
import {
  Compacted,
  type Listing,
  OutcomeUnknown,
  type Page,
  RevisionMismatch,
  type Store,
  type Stored,
  type StoreEvent,
  StoreUnavailable,
} from './store.ts'

export interface StoreOptions {
  /** Events kept for those who come back or lag behind; more of a large state unless told. */
  maxEvents?: number
  /** Bytes of values that these may hold together. */
  maxBytes?: number
  /** Keys under these prefixes are kept in memory only, within the same sequence of revisions. */
  volatilePrefixes?: readonly string[]
  /** Hears of it before any of the writers does: end the process, and start anew from what is on disk. */
  onOutcomeUnknown?: (error: OutcomeUnknown) => void
}

/** One accepted write on its way: checked, numbered, not yet visible. */
interface Write {
  readonly key: string
  /** Absent for a deletion. */
  readonly value: Uint8Array | undefined
  readonly revision: number
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: StoreUnavailable | OutcomeUnknown) => void
}

/** Revisions set aside with one record, so that volatile writes need none and a restart still never goes back. */
const RESERVED_AT_ONCE = 100_000
/** Events that a small state keeps. */
const FEW_EVENTS = 4_096
/** A client takes the longer to read the state the more there is, and has all of it change meanwhile in the worst case. */
const EVENTS_PER_ENTRY = 2
const MAX_EVENT_BYTES = 32 * 1024 * 1024

/**
 * The store proper: what readers see is in memory, and a write is seen once the journal has it. Writes that come while
 * a commit runs go together in the next one; of one key, only one is on its way at any time.
 */
export class JournaledStore implements Store {
  readonly #journal: Journal
  readonly #volatilePrefixes: readonly string[]
  readonly #onOutcomeUnknown: (error: OutcomeUnknown) => void
  readonly #state = new SortedMap<Stored>()
  readonly #log: EventLog
  /** By key: resolves when the write on its way is over, however it ended. */
  readonly #busy = new Map<string, Promise<unknown>>()
  #queue: Write[] = []
  #draining: Promise<void> | undefined
  #revision: number
  #assigned: number
  #reserved: number
  #closed = false
  #broken: OutcomeUnknown | undefined

  constructor(journal: Journal, recovered: Recovered, options: StoreOptions = {}) {
    this.#journal = journal
    this.#volatilePrefixes = options.volatilePrefixes ?? []
    this.#onOutcomeUnknown = options.onOutcomeUnknown ?? (() => {})
    this.#revision = this.#assigned = this.#reserved = recovered.revision
    for (const item of recovered.items) this.#state.set(item.key, Object.freeze(item))
    this.#log = new EventLog(recovered.revision, this.#eventLimits(options))
  }

  get revision(): number {
    return this.#revision
  }

  async get(key: string): Promise<Stored | undefined> {
    return this.#state.get(key)
  }

  async list(prefix: string, page: Page = {}): Promise<Listing> {
    const start = page.after === undefined || page.after < prefix ? prefix : `${page.after}\0`
    const end = endOf(prefix)
    const limit = page.limit || Number.POSITIVE_INFINITY
    if (page.at !== undefined && page.at !== this.#revision) return this.#listPast(start, end, limit, page.at)
    const items = take(this.#state.range(start, end), limit)
    return { items, revision: this.#revision, remaining: this.#state.count(start, end) - items.length }
  }

  async put(key: string, value: Uint8Array, expected: number): Promise<Stored> {
    return this.#write(key, value, expected)
  }

  async delete(key: string, expected: number): Promise<number> {
    const { revision } = await this.#write(key, undefined, expected)
    return revision
  }

  async *watch(prefix: string, after: number, signal: AbortSignal): AsyncGenerator<StoreEvent> {
    if (after > this.#revision) throw new Compacted(after, this.#revision)
    yield* this.#log.read(prefix, after, signal)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#draining
    this.#log.end()
    if (this.#reserved !== this.#revision && !this.#broken) {
      // Best effort: without it the next start merely begins at a higher revision.
      await this.#journal.commit([{ type: 'reserve', revision: this.#revision }]).catch(() => undefined)
    }
    await this.#journal.close()
  }

  #eventLimits({ maxEvents, maxBytes = MAX_EVENT_BYTES }: StoreOptions): EventLogLimits {
    const bySize = () => Math.max(FEW_EVENTS, EVENTS_PER_ENTRY * this.#state.size)
    return { maxEvents: maxEvents === undefined ? bySize : () => maxEvents, maxBytes }
  }

  async #write(key: string, value: Uint8Array | undefined, expected: number): Promise<Stored> {
    for (let busy = this.#busy.get(key); busy; busy = this.#busy.get(key)) await busy
    if (this.#closed) throw new StoreUnavailable('it is closed')
    if (this.#broken) throw new StoreUnavailable(this.#broken)
    const actual = this.#state.get(key)?.revision ?? 0
    if (actual !== expected || (value === undefined && actual === 0)) throw new RevisionMismatch(key, expected, actual)
    const revision = ++this.#assigned
    const done = new Promise<Stored>((resolve, reject) => this.#queue.push({ key, value, revision, resolve, reject }))
    this.#busy.set(
      key,
      done.catch(() => undefined).then(() => this.#busy.delete(key)),
    )
    this.#draining ??= this.#drain()
    return done
  }

  async #drain(): Promise<void> {
    await Promise.resolve() // so that all who write in the same turn share the first commit
    while (this.#queue.length > 0) {
      const batch = this.#queue
      this.#queue = []
      try {
        await this.#makeDurable(batch)
        this.#publish(batch)
      } catch (error) {
        if (error instanceof OutcomeUnknown) this.#break(error)
        const answer = error instanceof OutcomeUnknown ? error : new StoreUnavailable(error)
        for (const write of batch) write.reject(answer)
      }
    }
    this.#draining = undefined
  }

  /** Of those that wait, nothing has reached the journal. */
  #break(error: OutcomeUnknown): void {
    this.#broken = error
    this.#onOutcomeUnknown(error)
    for (const write of this.#queue) write.reject(new StoreUnavailable(error))
    this.#queue = []
  }

  async #makeDurable(batch: readonly Write[]): Promise<void> {
    const records: JournalRecord[] = batch.filter((write) => !this.#isVolatile(write.key)).map(recordOf)
    const last = (batch.at(-1) as Write).revision
    const reserve = last > this.#reserved ? last + RESERVED_AT_ONCE : 0
    if (reserve) records.push({ type: 'reserve', revision: reserve })
    if (records.length === 0) return
    await this.#journal.commit(records)
    if (reserve) this.#reserved = reserve
  }

  #publish(batch: readonly Write[]): void {
    const events: StoreEvent[] = []
    for (const { key, value, revision, resolve } of batch) {
      const previous = this.#state.get(key)
      const stored: Stored = Object.freeze({ key, value: value ?? new Uint8Array(), revision })
      if (value) this.#state.set(key, stored)
      else this.#state.delete(key)
      if (value) events.push({ type: 'put', stored, previous, revision })
      else events.push({ type: 'delete', previous: previous as Stored, revision })
      this.#revision = revision
      resolve(stored)
    }
    this.#log.append(events)
  }

  /** The state as it was at revision `at`: the newest one, with what happened since undone. */
  #listPast(start: string, end: string, limit: number, at: number): Listing {
    if (at > this.#revision) throw new Compacted(at, this.#revision)
    const before = new Map<string, Stored | undefined>()
    for (const event of this.#log.since(at).toReversed()) {
      const key = (event.type === 'put' ? event.stored : event.previous).key
      if (key >= start && key < end) before.set(key, event.previous)
    }
    const unchanged = [...this.#state.range(start, end)].filter(({ key }) => !before.has(key))
    const restored = [...before.values()].filter((stored) => stored !== undefined)
    const all = [...unchanged, ...restored].sort((a, b) => (a.key < b.key ? -1 : 1))
    return { items: all.slice(0, limit), revision: at, remaining: Math.max(0, all.length - limit) }
  }

  #isVolatile(key: string): boolean {
    return this.#volatilePrefixes.some((prefix) => key.startsWith(prefix))
  }
}

function recordOf({ key, value, revision }: Write): JournalRecord {
  return value ? { type: 'put', key, value, revision } : { type: 'delete', key, revision }
}

/** The first key behind all that start with `prefix`. */
function endOf(prefix: string): string {
  if (prefix === '') return '\uffff'
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}

function take<T>(from: Iterable<T>, limit: number): T[] {
  const items: T[] = []
  for (const item of from) {
    if (items.length >= limit) break
    items.push(item)
  }
  return items
}
