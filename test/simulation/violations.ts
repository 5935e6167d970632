import type { Clock } from '../../shared/clock.ts'

/** What must always be so, by the name under which a simulation reports that it was not. */
export const INVARIANTS = [
  'a Pod stays on its node',
  'one of each runs',
  'a Pod only goes forward',
  'a Pod outlives its containers',
  'a healthy container is left alone',
  'a Pod leaves its Services before it ends',
  'Pods within bounds',
  'a watch shows what happened',
  'what is acknowledged is kept',
  'a Secret stays secret',
  'all ends as asked',
] as const

export type InvariantName = (typeof INVARIANTS)[number]

export interface Violation {
  /** Virtual time. */
  readonly at: string
  readonly invariant: InvariantName
  readonly what: string
}

/** What was wrong so far, in order. */
export class Violations {
  readonly all: Violation[] = []
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(invariant: InvariantName, what: string): void {
    this.all.push({ at: new Date(this.#clock.now()).toISOString().slice(11, 23), invariant, what })
  }
}
