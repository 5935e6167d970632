import type { Clock, Timer } from '../../../shared/clock.ts'

/** A connection, as far as it matters here. */
export interface Stranger {
  readonly remoteAddress?: string | undefined
  destroy(): unknown
}

/** What a machine that joins needs is over in a second. */
const LIFE_MS = 30_000
const MOST = 500
const MOST_OF_ADDRESS = 100

/**
 * Connections without a certificate that we have signed. They may be some at a time, for a short time: where there are
 * more, in all or from one address, the oldest makes room for the newest.
 */
export class Strangers {
  readonly #clock: Clock
  /** Oldest first. */
  readonly #lives = new Map<Stranger, { readonly address: string; readonly end: Timer }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#lives.size
  }

  add(stranger: Stranger): void {
    const address = stranger.remoteAddress ?? ''
    const neighbours = [...this.#lives].filter(([, life]) => life.address === address)
    if (neighbours.length >= MOST_OF_ADDRESS) this.#end(neighbours[0]?.[0])
    else if (this.#lives.size >= MOST) this.#end(this.#lives.keys().next().value)
    this.#lives.set(stranger, { address, end: this.#clock.after(LIFE_MS, () => this.#end(stranger)) })
  }

  /** It has gone. */
  forget(stranger: Stranger): void {
    this.#lives.get(stranger)?.end.cancel()
    this.#lives.delete(stranger)
  }

  #end(stranger: Stranger | undefined): void {
    if (!stranger) return
    this.forget(stranger)
    stranger.destroy()
  }
}
