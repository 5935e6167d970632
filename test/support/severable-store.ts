import {
  type Listing,
  type Page,
  type Store,
  type Stored,
  type StoreEvent,
  StoreUnavailable,
} from '../../controlplane/store/store.ts'

/** One process' hold on a store that outlives it: after `sever`, as after kill -9, nothing of it reaches the store. */
export class SeverableStore implements Store {
  readonly #store: Store
  readonly #severed = new AbortController()
  /** As when the disk is full. */
  refusesWrites = false

  constructor(store: Store) {
    this.#store = store
  }

  sever(): void {
    this.#severed.abort()
  }

  get revision(): number {
    return this.#store.revision
  }

  async get(key: string): Promise<Stored | undefined> {
    this.#check()
    return this.#store.get(key)
  }

  async list(prefix: string, page?: Page): Promise<Listing> {
    this.#check()
    return this.#store.list(prefix, page)
  }

  async put(key: string, value: Uint8Array, expected: number): Promise<Stored> {
    this.#checkWrite()
    return this.#store.put(key, value, expected)
  }

  async delete(key: string, expected: number): Promise<number> {
    this.#checkWrite()
    return this.#store.delete(key, expected)
  }

  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<StoreEvent> {
    return this.#store.watch(prefix, after, AbortSignal.any([signal, this.#severed.signal]))
  }

  async close(): Promise<void> {
    this.sever()
  }

  #checkWrite(): void {
    this.#check()
    if (this.refusesWrites) throw new StoreUnavailable('the disk is full')
  }

  #check(): void {
    if (this.#severed.signal.aborted) throw new StoreUnavailable('the process is dead')
  }
}
