/** A binary heap: `pop` gives the item that `before` puts first. */
export class Heap<T> {
  readonly #before: (a: T, b: T) => boolean
  readonly #items: T[] = []

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    this.#items.push(item)
    this.#rise(this.#items.length - 1)
  }

  pop(): T | undefined {
    const first = this.#items[0]
    const last = this.#items.pop()
    if (last !== undefined && this.#items.length > 0) {
      this.#items[0] = last
      this.#sink(0)
    }
    return first
  }

  #rise(index: number): void {
    for (let child = index; child > 0; ) {
      const parent = (child - 1) >> 1
      if (!this.#comesBefore(child, parent)) return
      this.#swap(child, parent)
      child = parent
    }
  }

  #sink(index: number): void {
    for (let parent = index; ; ) {
      const left = 2 * parent + 1
      if (left >= this.#items.length) return
      const right = left + 1
      const child = right < this.#items.length && this.#comesBefore(right, left) ? right : left
      if (!this.#comesBefore(child, parent)) return
      this.#swap(child, parent)
      parent = child
    }
  }

  #comesBefore(a: number, b: number): boolean {
    return this.#before(this.#items[a] as T, this.#items[b] as T)
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a] as T
    this.#items[a] = this.#items[b] as T
    this.#items[b] = item
  }
}
