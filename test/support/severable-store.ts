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
    this.#check()
    return this.#store.put(key, value, expected)
  }

  async delete(key: string, expected: number): Promise<number> {
    this.#check()
    return this.#store.delete(key, expected)
  }

  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<StoreEvent> {
    return this.#store.watch(prefix, after, AbortSignal.any([signal, this.#severed.signal]))
  }

  async close(): Promise<void> {
    this.sever()
  }

  #check(): void {
    if (this.#severed.signal.aborted) throw new StoreUnavailable('the process is dead')
  }
}
