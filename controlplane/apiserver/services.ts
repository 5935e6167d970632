import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Registry } from '../registry/registry.ts'
import type { NodeStreams } from './node-streams.ts'

/** What handlers work with. */
export interface Services {
  readonly registry: Registry
  readonly nodeStreams: NodeStreams
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}
