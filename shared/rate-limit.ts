import type { Clock } from './clock.ts'

const MAX_CALLERS = 10_000

/** A token bucket per caller: `burst` at once, then one every `refillMs`. */
export class RateLimit {
  readonly #clock: Clock
  readonly #burst: number
  readonly #refillMs: number
  /** When each caller's bucket will be full again, oldest use first. */
  readonly #fullAt = new Map<string, number>()

  constructor(clock: Clock, options: { burst: number; refillMs: number }) {
    this.#clock = clock
    this.#burst = options.burst
    this.#refillMs = options.refillMs
  }

  /** Takes one; false where the caller has none left. */
  take(caller: string): boolean {
    const now = this.#clock.monotonic()
    const fullAt = Math.max(this.#fullAt.get(caller) ?? now, now)
    if (fullAt - now > (this.#burst - 1) * this.#refillMs) return false
    this.#fullAt.delete(caller)
    this.#fullAt.set(caller, fullAt + this.#refillMs)
    this.#forgetOldest()
    return true
  }

  #forgetOldest(): void {
    const [oldest] = this.#fullAt.keys()
    if (this.#fullAt.size > MAX_CALLERS && oldest !== undefined) this.#fullAt.delete(oldest)
  }
}
