import { Ipv4Range } from '../../shared/ipv4-range.ts'
import { FIRST_POD_PLACE } from './pod-network.ts'

/** Gives addresses of the Pods' network to Pods, by their UIDs, and to the node's own containers, by their names. */
export interface AddressSource {
  /** Another one each time: what the holder had before is free. Rejects with a RuntimeFailure where there is none. */
  take(holder: string): Promise<string>
  /** The holder is gone. */
  release(holder: string): void
}

/**
 * The addresses of a node's range, given one after the other: one that was given back is the last to be given again, so
 * that nobody who still speaks to the Pod before reaches the next one.
 */
export class PodAddresses {
  readonly #byHolder = new Map<string, string>()
  readonly #held = new Set<string>()
  #range: Ipv4Range | undefined
  #next = FIRST_POD_PLACE

  /** From now on addresses are of this range; those of another one stay with who has them. */
  use(podCIDR: string): void {
    if (this.#range?.toString() === podCIDR) return
    const range = Ipv4Range.parse(podCIDR)
    this.#range = range
    // Goes on where an earlier agent left off, as far as that can be seen.
    const places = [...this.#held].map((address) => range.placeOf(address) ?? 0)
    this.#next = Math.max(FIRST_POD_PLACE, ...places.map((place) => place + 1))
  }

  /** It has this one already. */
  hold(holder: string, address: string): void {
    this.release(holder)
    this.#byHolder.set(holder, address)
    this.#held.add(address)
  }

  /** Undefined where all are held, or there is no range yet. */
  take(holder: string): string | undefined {
    this.release(holder)
    const address = this.#free()
    if (address !== undefined) this.hold(holder, address)
    return address
  }

  release(holder: string): void {
    const address = this.#byHolder.get(holder)
    if (address === undefined) return
    this.#byHolder.delete(holder)
    this.#held.delete(address)
  }

  #free(): string | undefined {
    if (!this.#range) return undefined
    // The last one is a broadcast address to many programs.
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
