import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Store } from '../store/store.ts'
import type { WriteContext } from './strategy.ts'

/** What every verb works with. */
export interface RegistryContext {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly defaultTolerationSeconds: number
}

export function writeContextOf({ clock, defaultTolerationSeconds }: RegistryContext): WriteContext {
  return { nowMs: clock.now(), defaultTolerationSeconds }
}
