import type { Clock } from '../../shared/clock.ts'
import { type Random, randomInt } from '../../shared/random.ts'

const NANOSECONDS_IN_MS = 1_000_000

/**
 * Names as Kubernetes gives them to Events: what it is about, and the time in nanoseconds. Lists are in the order of names, and
 * clients that sort them by their times, of whole seconds, leave those of one second as they are: in the order in which it happened.
 */
export class EventNames {
  readonly #clock: Clock
  readonly #random: Random
  #last = 0n

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** A name for what happens now. Chance keeps it apart from others' of the same millisecond. */
  next(subject: string): string {
    const now = BigInt(Math.floor(this.#clock.now())) * BigInt(NANOSECONDS_IN_MS)
    const time = now + BigInt(randomInt(this.#random, NANOSECONDS_IN_MS))
    this.#last = time > this.#last ? time : this.#last + 1n
    return `${subject}.${this.#last.toString(16).padStart(16, '0')}`
  }
}
