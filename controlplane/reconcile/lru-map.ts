/** A map of at most `capacity` entries; the one not asked for the longest goes first. */
export class LruMap<K, V> {
  readonly #capacity: number
  readonly #entries = new Map<K, V>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  /** The entry, made by `create` where there is none. */
  getOrCreate(key: K, create: () => V): V {
    const known = this.#entries.get(key)
    const value = known === undefined ? create() : known
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#capacity) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    return value
  }
}
