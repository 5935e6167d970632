import type { Listing, Page, Store, Stored, StoreEvent } from '../../controlplane/store/store.ts'
import type { Clock } from '../../shared/clock.ts'

/** One write that was acknowledged; without a value it was a deletion. */
export interface AcknowledgedWrite {
  readonly key: string
  readonly revision: number
  readonly atMs: number
  readonly value: Uint8Array | undefined
}

/** A store that remembers, apart from the store's own memory, every write it has acknowledged. */
export class RecordedStore implements Store {
  readonly #store: Store
  readonly #clock: Clock
  /** By revision. */
  readonly history: AcknowledgedWrite[] = []

  constructor(store: Store, clock: Clock) {
    this.#clock = clock
    this.#store = store
  }

  get revision(): number {
    return this.#store.revision
  }

  get(key: string): Promise<Stored | undefined> {
    return this.#store.get(key)
  }

  list(prefix: string, page?: Page): Promise<Listing> {
    return this.#store.list(prefix, page)
  }

  async put(key: string, value: Uint8Array, expected: number): Promise<Stored> {
    const stored = await this.#store.put(key, value, expected)
    this.#record({ key, value, revision: stored.revision })
    return stored
  }

  async delete(key: string, expected: number): Promise<number> {
    const revision = await this.#store.delete(key, expected)
    this.#record({ key, value: undefined, revision })
    return revision
  }

  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<StoreEvent> {
    return this.#store.watch(prefix, after, signal)
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  /** Acknowledgements of one commit may come in another order. */
  #record(acknowledged: Omit<AcknowledgedWrite, 'atMs'>): void {
    const write = { ...acknowledged, atMs: this.#clock.now() }
    const { history } = this
    let at = history.length
    while (at > 0 && (history[at - 1]?.revision ?? 0) > write.revision) at--
    history.splice(at, 0, write)
  }
}
