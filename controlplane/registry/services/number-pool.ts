import { type Random, randomInt } from '../../../shared/random.ts'

/**
 * Numbers from 0 that are given out once. The lower band is for those who ask for a certain number: the others get one of
 * the upper band while there is one.
 */
export interface NumberPool {
  readonly size: number
  readonly lowerBand: number
}

/** A band of `size / step` numbers, and at least 16 where there are as many. */
export function numberPool(size: number, step: number, most: number): NumberPool {
  const lowerBand = size < LEAST ? 0 : Math.min(Math.max(Math.floor(size / step), LEAST), most)
  return { size, lowerBand }
}

const LEAST = 16

/** Undefined where all are taken. */
export function pickFree(
  { size, lowerBand }: NumberPool,
  isTaken: (number: number) => boolean,
  random: Random,
): number | undefined {
  return pickBetween(lowerBand, size, isTaken, random) ?? pickBetween(0, lowerBand, isTaken, random)
}

/** The first free one from somewhere on, round to where it began. */
function pickBetween(
  from: number,
  to: number,
  isTaken: (number: number) => boolean,
  random: Random,
): number | undefined {
  const count = to - from
  const start = count > 0 ? randomInt(random, count) : 0
  for (let step = 0; step < count; step++) {
    const number = from + ((start + step) % count)
    if (!isTaken(number)) return number
  }
  return undefined
}
