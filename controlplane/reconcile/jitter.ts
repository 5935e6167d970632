import type { Random } from '../../shared/random.ts'

/** `delayMs` and up to half as much again, so that those who failed together do not come back together. */
export function jittered(delayMs: number, random: Random): number {
  return delayMs * (1 + random.next() / 2)
}
