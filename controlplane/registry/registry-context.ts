import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Turnstile } from '../../shared/turnstile.ts'
import type { Store } from '../store/store.ts'
import type { NodeLossTolerance } from './pods/tolerate-lost-nodes.ts'
import type { ServiceNetwork } from './services/service-network.ts'
import type { WriteContext } from './strategy.ts'

/** What every verb works with. */
export interface RegistryContext {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly nodeLossTolerance: NodeLossTolerance
  readonly serviceNetwork: ServiceNetwork
  /** Lets one at a time write an object that takes something from a pool. */
  readonly turnstile: Turnstile
}

export function writeContextOf({ clock, nodeLossTolerance }: RegistryContext): WriteContext {
  return { nowMs: clock.now(), nodeLossTolerance }
}
