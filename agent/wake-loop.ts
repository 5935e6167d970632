import { Backoff } from '../shared/backoff.ts'
import type { Clock, Timer } from '../shared/clock.ts'

export interface WakeLoopOptions {
  clock: Clock
  /** Resolves with the time after which to run again by itself: 0 for at once, Infinity for not at all. */
  pass(): Promise<number>
  /** A pass rejected; the next one comes after a backoff. */
  onFault(error: unknown): void
}

/** A pass that asks for another so often in a row gets nowhere. */
const MAX_IN_A_ROW = 20
const REST_MS = 1_000

/** Runs passes one after the other: when it is woken, and when a pass asked for it. Wakes during a pass count as one. */
export class WakeLoop {
  readonly #options: WakeLoopOptions
  readonly #faults = new Backoff({ initialMs: 1_000, maxMs: 30_000 })
  #isRunning = false
  #isWoken = false
  #isStopped = false
  #timer: Timer | undefined
  #inARow = 0

  constructor(options: WakeLoopOptions) {
    this.#options = options
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  wake(): void {
    this.#isWoken = true
    if (!this.#isRunning && !this.#isStopped) void this.#run()
  }

  /** The pass under way is the last. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false
      this.#wakeAfter(await this.#guardedPass())
    }
    this.#isRunning = false
  }

  async #guardedPass(): Promise<number> {
    try {
      const delayMs = await this.#options.pass()
      this.#faults.reset()
      return delayMs
    } catch (error) {
      this.#options.onFault(error)
      return this.#faults.next()
    }
  }

  #wakeAfter(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#isStopped || !Number.isFinite(delayMs)) return
    this.#inARow = delayMs <= 0 ? this.#inARow + 1 : 0
    if (delayMs <= 0 && this.#inARow < MAX_IN_A_ROW) this.#isWoken = true
    else this.#timer = this.#options.clock.after(delayMs > 0 ? delayMs : REST_MS, () => this.wake())
  }
}
