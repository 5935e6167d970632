import type { Clock, Timer } from '../../shared/clock.ts'

interface Scheduled {
  at: number
  order: number
  run: () => void
}

/** A clock that moves only when told. Timers of one instant fire in the order in which they were set. */
export class VirtualClock implements Clock {
  #now: number
  /** Where the monotonic clock began: who mixes the two finds out. */
  readonly #startMs: number
  /** By how much the wall clock was set. */
  #steppedMs = 0
  #order = 0
  #scheduled: Scheduled[] = []

  constructor(startMs = Date.UTC(2030, 0, 1)) {
    this.#now = startMs
    this.#startMs = startMs
  }

  now(): number {
    return this.#now + this.#steppedMs
  }

  /** Somebody sets the wall clock: ahead, or back. */
  step(ms: number): void {
    this.#steppedMs += ms
  }

  monotonic(): number {
    return this.#now - this.#startMs
  }

  after(delayMs: number, run: () => void): Timer {
    const entry = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run }
    this.#scheduled.push(entry)
    return { cancel: () => this.#remove(entry) }
  }

  every(intervalMs: number, run: () => void): Timer {
    const arm = (): Timer =>
      this.after(intervalMs, () => {
        timer = arm()
        run()
      })
    let timer = arm()
    return { cancel: () => timer.cancel() }
  }

  /** Lets `ms` pass; between timers, whatever they started runs on until it waits for time again. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      this.#remove(next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await settle()
    }
    this.#now = end
  }

  /** Advances in steps until `condition` holds; throws when it does not within `limitMs`. */
  async until(condition: () => boolean | Promise<boolean>, limitMs = 60_000, stepMs = 50): Promise<void> {
    const end = this.#now + limitMs
    await settle()
    while (!(await condition())) {
      if (this.#now >= end) throw new Error(`condition not met within ${limitMs} ms of virtual time`)
      await this.advance(stepMs)
    }
  }

  #next(): Scheduled | undefined {
    let best: Scheduled | undefined
    for (const entry of this.#scheduled) {
      if (!best || entry.at < best.at || (entry.at === best.at && entry.order < best.order)) best = entry
    }
    return best
  }

  #remove(entry: Scheduled): void {
    const index = this.#scheduled.indexOf(entry)
    if (index >= 0) this.#scheduled.splice(index, 1)
  }
}

/** Lets all promise jobs that are ready run, through a few turns of the event loop. */
export async function settle(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}
