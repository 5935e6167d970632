import type { Deployment, ReplicaSet } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { oldestFirst } from '../oldest-first.ts'
import { maxReplicasOf } from './annotations.ts'
import { sizeOf, sum } from './replica-sets.ts'
import { desiredReplicas, rolloutBounds } from './rollout-bounds.ts'
import type { Sizing } from './scaling.ts'

/**
 * Spreads a change of the Deployment's size over ReplicaSets in the middle of a rollout, in proportion to what each
 * has: so the risk of a bad template stays what it was. What rounding leaves over goes to the largest.
 */
export function proportionalSizes(deployment: Deployment, active: readonly Persisted<ReplicaSet>[]): Sizing[] {
  const toAdd = maxTotal(deployment) - sum(active, sizeOf)
  const largestFirst = [...active].sort(toAdd > 0 ? bySizeThenNewest : bySizeThenOldest)
  let added = 0
  const sizings = largestFirst.map((replicaSet): Sizing => {
    const share = shareOf(deployment, replicaSet, toAdd, toAdd - added)
    added += share
    return { replicaSet, replicas: sizeOf(replicaSet) + share }
  })
  const [largest] = sizings
  if (largest) largest.replicas = Math.max(0, largest.replicas + toAdd - added)
  return sizings
}

/** How many Pods there may be, with the surge. */
function maxTotal(deployment: Deployment): number {
  const desired = desiredReplicas(deployment)
  return desired > 0 ? desired + rolloutBounds(deployment).surge : 0
}

/** Never more than is left to add, or to take away. */
function shareOf(deployment: Deployment, replicaSet: Persisted<ReplicaSet>, toAdd: number, left: number): number {
  if (left === 0) return 0
  const fair = fairShare(deployment, replicaSet)
  return toAdd > 0 ? Math.min(fair, left) : Math.max(fair, left)
}

function fairShare(deployment: Deployment, replicaSet: Persisted<ReplicaSet>): number {
  const size = sizeOf(replicaSet)
  const desired = desiredReplicas(deployment)
  if (desired === 0) return -size
  const maxBefore = maxReplicasOf(replicaSet) || deployment.status?.replicas || 0
  if (maxBefore === 0) return 0
  return Math.round((size * (desired + rolloutBounds(deployment).surge)) / maxBefore) - size
}

function bySizeThenNewest(a: Persisted<ReplicaSet>, b: Persisted<ReplicaSet>): number {
  return sizeOf(b) - sizeOf(a) || oldestFirst(b, a)
}

function bySizeThenOldest(a: Persisted<ReplicaSet>, b: Persisted<ReplicaSet>): number {
  return sizeOf(b) - sizeOf(a) || oldestFirst(a, b)
}
