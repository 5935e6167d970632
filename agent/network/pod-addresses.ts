import type { Ipv4Range } from '../../shared/ipv4-range.ts'
import { FIRST_POD_PLACE } from './pod-network.ts'

/**
 * Gives the addresses of a node's range to its Pods, one after the other: one that was given back is the last to be
 * given again, so that nobody who still speaks to the Pod before reaches the next one.
 */
export class PodAddresses {
  readonly #range: Ipv4Range
  readonly #held: ReadonlySet<string>
  #next = FIRST_POD_PLACE

  /** `held`: those that somebody has, of this range or not; it may change. */
  constructor(range: Ipv4Range, held: ReadonlySet<string>) {
    this.#range = range
    this.#held = held
    // Goes on where an earlier agent left off, as far as that can be seen.
    for (const address of held) this.#next = Math.max(this.#next, (range.placeOf(address) ?? 0) + 1)
  }

  /** One that nobody has; undefined where all are held. */
  next(): string | undefined {
    // The last address of a range is its broadcast address elsewhere.
    const count = this.#range.size - 1 - FIRST_POD_PLACE
    for (let tries = 0; tries < count; tries++) {
      const place = FIRST_POD_PLACE + ((this.#next - FIRST_POD_PLACE) % count)
      this.#next = place + 1
      const address = this.#range.at(place)
      if (!this.#held.has(address)) return address
    }
    return undefined
  }
}
