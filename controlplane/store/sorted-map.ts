const MAX_BLOCK = 256

/** A map whose keys are kept in order: blocks of sorted keys, so that an insertion moves few of them. */
export class SortedMap<V> {
  readonly #values = new Map<string, V>()
  /** None is empty; all keys of one block come before those of the next. */
  readonly #blocks: string[][] = []

  get size(): number {
    return this.#values.size
  }

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) this.#insert(key)
    this.#values.set(key, value)
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false
    const at = this.#blockOf(key)
    const block = this.#blocks[at] ?? []
    block.splice(lowerBound(block, key), 1)
    if (block.length === 0) this.#blocks.splice(at, 1)
    return true
  }

  /** Values whose keys are at least `start` and less than `end`, in the order of their keys. */
  *range(start: string, end: string): Generator<V> {
    let index = lowerBound(this.#blocks[this.#blockOf(start)] ?? [], start)
    for (let at = this.#blockOf(start); at < this.#blocks.length; at++, index = 0) {
      const block = this.#blocks[at] ?? []
      for (; index < block.length; index++) {
        const key = block[index] as string
        if (key >= end) return
        yield this.#values.get(key) as V
      }
    }
  }

  /** How many keys are at least `start` and less than `end`. */
  count(start: string, end: string): number {
    return Math.max(0, this.#rank(end) - this.#rank(start))
  }

  #rank(key: string): number {
    const at = this.#blockOf(key)
    let rank = lowerBound(this.#blocks[at] ?? [], key)
    for (let i = 0; i < at; i++) rank += this.#blocks[i]?.length ?? 0
    return rank
  }

  #insert(key: string): void {
    if (this.#blocks.length === 0) this.#blocks.push([])
    const at = this.#blockOf(key)
    const block = this.#blocks[at] as string[]
    block.splice(lowerBound(block, key), 0, key)
    if (block.length > MAX_BLOCK) this.#blocks.splice(at + 1, 0, block.splice(MAX_BLOCK / 2))
  }

  /** The block that holds `key`, or would: the last one that begins at or before it. */
  #blockOf(key: string): number {
    let low = 0
    let high = this.#blocks.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((this.#blocks[middle]?.[0] as string) <= key) low = middle
      else high = middle
    }
    return low
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
