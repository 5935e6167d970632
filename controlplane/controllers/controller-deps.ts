import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Client } from '../client/client.ts'
import type { Informers } from '../reconcile/informer.ts'

/** What every controller may use. */
export interface ControllerDeps {
  client: Client
  informers: Informers
  clock: Clock
  random: Random
  log: Logger
}
