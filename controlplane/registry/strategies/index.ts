import type { Kind } from '../../../shared/api/kinds.ts'
import type { Strategy } from '../strategy.ts'
import { configMapStrategy } from './config-map.ts'
import { deploymentStrategy } from './deployment.ts'
import { endpointSliceStrategy } from './endpoint-slice.ts'
import { endpointsStrategy } from './endpoints.ts'
import { eventStrategy } from './event.ts'
import { leaseStrategy } from './lease.ts'
import { namespaceStrategy } from './namespace.ts'
import { nodeStrategy } from './node.ts'
import { persistentVolumeStrategy } from './persistent-volume.ts'
import { persistentVolumeClaimStrategy } from './persistent-volume-claim.ts'
import { podStrategy } from './pod.ts'
import { priorityClassStrategy } from './priority-class.ts'
import { replicaSetStrategy } from './replica-set.ts'
import { secretStrategy } from './secret.ts'
import { serviceStrategy } from './service.ts'
import { storageClassStrategy } from './storage-class.ts'

const STRATEGIES: readonly Strategy[] = [
  namespaceStrategy,
  nodeStrategy,
  podStrategy,
  eventStrategy,
  configMapStrategy,
  secretStrategy,
  replicaSetStrategy,
  deploymentStrategy,
  persistentVolumeStrategy,
  persistentVolumeClaimStrategy,
  storageClassStrategy,
  priorityClassStrategy,
  leaseStrategy,
  serviceStrategy,
  endpointsStrategy,
  endpointSliceStrategy,
]

const byType = new Map(STRATEGIES.map((strategy) => [strategy.kind.type, strategy]))

/** The rules of a kind. Every kind of `KINDS` has some. */
export function strategyOf(kind: Kind): Strategy {
  const strategy = byType.get(kind.type)
  if (!strategy) throw new Error(`no strategy for ${kind.type}`)
  return strategy
}
