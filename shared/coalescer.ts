import type { Clock, Timer } from './clock.ts'

export interface CoalescerOptions {
  readonly clock: Clock
  /** Between one run and the next. */
  readonly intervalMs: number
  run(): void
}

/** Lets what comes thick and fast share one run, and what comes after a rest wait for nothing. */
export class Coalescer {
  readonly #options: CoalescerOptions
  #ranAtMs = Number.NEGATIVE_INFINITY
  #pending: { readonly dueMs: number; readonly timer: Timer } | undefined

  constructor(options: CoalescerOptions) {
    this.#options = options
  }

  /** Runs in the next turn, or as soon as the interval since the last run is over. */
  soon(): void {
    this.within(this.#ranAtMs + this.#options.intervalMs - this.#options.clock.monotonic())
  }

  /** Runs after so long, or before, with what was asked for sooner. */
  within(delayMs: number): void {
    const { clock } = this.#options
    const waitMs = Math.max(0, delayMs)
    const dueMs = clock.monotonic() + waitMs
    if (this.#pending && this.#pending.dueMs <= dueMs) return
    this.cancel()
    this.#pending = { dueMs, timer: clock.after(waitMs, () => this.#run()) }
  }

  cancel(): void {
    this.#pending?.timer.cancel()
    this.#pending = undefined
  }

  #run(): void {
    this.#pending = undefined
    this.#ranAtMs = this.#options.clock.monotonic()
    this.#options.run()
  }
}
