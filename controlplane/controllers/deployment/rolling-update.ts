import type { Deployment, ReplicaSet } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { oldestFirst } from '../oldest-first.ts'
import { availableOf, isActive, sizeOf, sum } from './replica-sets.ts'
import { desiredReplicas, isRollingUpdate, minAvailable, rolloutBounds } from './rollout-bounds.ts'
import { allOf, type ReplicaSets, type Sizing } from './scaling.ts'

/** The next step of a rolling update: up with the new if that may be, else down with the old. */
export function rollingUpdateStep(
  deployment: Deployment,
  current: Persisted<ReplicaSet>,
  old: readonly Persisted<ReplicaSet>[],
): Sizing[] {
  const replicas = newReplicaSetSize(deployment, { current, old })
  if (replicas !== sizeOf(current)) return [{ replicaSet: current, replicas }]
  return shrinkOld(deployment, current, old.filter(isActive))
}

/** What the surge leaves room for, up to the Deployment's size. The ReplicaSet need not exist yet. */
export function newReplicaSetSize(deployment: Deployment, sets: ReplicaSets): number {
  const desired = desiredReplicas(deployment)
  const size = sets.current ? sizeOf(sets.current) : 0
  if (!isRollingUpdate(deployment) || size >= desired) return desired
  const room = desired + rolloutBounds(deployment).surge - sum(allOf(sets), podsOf)
  return room > 0 ? Math.min(size + room, desired) : size
}

/**
 * The Pods of a ReplicaSet, or those it is about to have. Kubernetes counts only the latter; one that shrinks still
 * has the Pods that go, and counting them keeps within the surge at every moment.
 */
function podsOf(replicaSet: ReplicaSet): number {
  return Math.max(sizeOf(replicaSet), replicaSet.status?.replicas ?? 0)
}

/**
 * Takes Pods from old ReplicaSets, oldest first: those that are not available anyway, or they would block the
 * rollout, then as many as there are available ones to spare.
 */
function shrinkOld(
  deployment: Deployment,
  current: Persisted<ReplicaSet>,
  old: readonly Persisted<ReplicaSet>[],
): Sizing[] {
  const all = [...old, current]
  const newUnavailable = sizeOf(current) - availableOf(current)
  const spare = sum(all, sizeOf) - minAvailable(deployment) - newUnavailable
  if (spare <= 0) return []

  const sizings = [...old].sort(oldestFirst).map((replicaSet) => ({ replicaSet, replicas: sizeOf(replicaSet) }))
  let unhealthyLeft = spare
  for (const sizing of sizings) {
    const taken = Math.min(sizing.replicas - availableOf(sizing.replicaSet), unhealthyLeft)
    sizing.replicas -= taken
    unhealthyLeft -= taken
  }
  let availableLeft = Math.max(0, sum(all, availableOf) - minAvailable(deployment))
  for (const sizing of sizings) {
    const taken = Math.min(sizing.replicas, availableLeft)
    sizing.replicas -= taken
    availableLeft -= taken
  }
  return sizings.filter(({ replicaSet, replicas }) => replicas !== sizeOf(replicaSet))
}
