import { Ipv4Range } from '../../../shared/ipv4-range.ts'

/** Each node has 256 addresses. */
export const NODE_RANGE_SIZE = 256

/** Who holds which parts of the cluster's range; a part is as large as a node's range. */
export class RangePool {
  readonly #range: Ipv4Range
  readonly #partCount: number
  readonly #partsHeld = new Map<string, readonly number[]>()
  /** How many hold each part: ranges that were set by hand may overlap. */
  readonly #holderCounts = new Map<number, number>()
  /** The part that was given last; of those that others gave, the highest. */
  #last = -1

  constructor(range: Ipv4Range) {
    this.#range = range
    this.#partCount = range.size / NODE_RANGE_SIZE
  }

  /** Ranges that the holder has, whoever gave them. What is no IPv4 range, as somebody may have set by hand, takes nothing. */
  hold(holder: string, ranges: readonly string[]): void {
    const isNew = !this.#partsHeld.has(holder)
    this.release(holder)
    const parts = ranges.flatMap((range) => this.#partsOf(range))
    this.#partsHeld.set(holder, parts)
    for (const part of parts) this.#holderCounts.set(part, (this.#holderCounts.get(part) ?? 0) + 1)
    if (isNew) this.#last = parts.reduce((last, part) => Math.max(last, part), this.#last)
  }

  release(holder: string): void {
    for (const part of this.#partsHeld.get(holder) ?? []) {
      const others = (this.#holderCounts.get(part) ?? 1) - 1
      if (others > 0) this.#holderCounts.set(part, others)
      else this.#holderCounts.delete(part)
    }
    this.#partsHeld.delete(holder)
  }

  /**
   * Gives the holder the next part that is free after the one that was given last: what was given back is given
   * again as late as can be. Undefined where none is free.
   */
  give(holder: string): string | undefined {
    for (let step = 1; step <= this.#partCount; step++) {
      const part = (this.#last + step) % this.#partCount
      if (this.#holderCounts.has(part)) continue
      const range = `${this.#range.at(part * NODE_RANGE_SIZE)}/24`
      this.hold(holder, [range])
      this.#last = part
      return range
    }
    return undefined
  }

  /** Ranges lie one in the other, or apart. */
  #partsOf(text: string): number[] {
    const range = Ipv4Range.tryParse(text)
    if (!range?.overlaps(this.#range)) return []
    const first = this.#range.placeOf(range.at(0)) ?? 0
    const size = Math.min(range.size, this.#range.size)
    const count = Math.max(1, size / NODE_RANGE_SIZE)
    return Array.from({ length: count }, (_, i) => Math.floor(first / NODE_RANGE_SIZE) + i)
  }
}
