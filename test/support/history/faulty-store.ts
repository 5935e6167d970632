import type { Listing, Page, Store, Stored, StoreEvent } from '../../../controlplane/store/store.ts'

/** A bug to find; of the operations that it can spoil, every seventh is. */
export type Fault =
  | 'drops an event'
  | 'repeats an event'
  | 'swaps two events'
  | 'reads what was there before'
  | 'loses a write'
  | 'ignores the expected revision'

const EVERY = 7

/** A store with a bug, where keys of ConfigMaps are concerned. */
export class FaultyStore implements Store {
  readonly #store: Store
  readonly #fault: Fault
  readonly #before = new Map<string, Stored | undefined>()
  #chances = 0

  constructor(store: Store, fault: Fault) {
    this.#store = store
    this.#fault = fault
  }

  get revision(): number {
    return this.#store.revision
  }

  async get(key: string): Promise<Stored | undefined> {
    const isStale = this.#before.has(key) && this.#strikes('reads what was there before', key)
    return isStale ? this.#before.get(key) : this.#store.get(key)
  }

  list(prefix: string, page?: Page): Promise<Listing> {
    return this.#store.list(prefix, page)
  }

  async put(key: string, value: Uint8Array, expected: number): Promise<Stored> {
    const before = await this.#store.get(key)
    if (expected > 0 && this.#strikes('loses a write', key)) return { key, value, revision: this.#store.revision + 1 }
    const ignores =
      before !== undefined && before.revision !== expected && this.#strikes('ignores the expected revision', key)
    const stored = await this.#store.put(key, value, ignores ? before.revision : expected)
    this.#before.set(key, before)
    return stored
  }

  async delete(key: string, expected: number): Promise<number> {
    const before = await this.#store.get(key)
    const revision = await this.#store.delete(key, expected)
    this.#before.set(key, before)
    return revision
  }

  async *watch(prefix: string, after: number, signal: AbortSignal): AsyncGenerator<StoreEvent> {
    let held: StoreEvent | undefined
    for await (const event of this.#store.watch(prefix, after, signal)) {
      if (held) {
        yield event
        yield held
        held = undefined
      } else if (this.#strikes('swaps two events', prefix)) held = event
      else if (this.#strikes('repeats an event', prefix)) yield* [event, event]
      else if (!this.#strikes('drops an event', prefix)) yield event
    }
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  #strikes(fault: Fault, key: string): boolean {
    return fault === this.#fault && key.startsWith('/registry/configmaps/') && ++this.#chances % EVERY === 0
  }
}
