import type { Deployment, ReplicaSet } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { oldestFirst } from '../oldest-first.ts'
import { desiredReplicasOf } from './annotations.ts'
import { proportionalSizes } from './proportional-scaling.ts'
import { isActive, sizeOf } from './replica-sets.ts'
import { desiredReplicas, isRollingUpdate } from './rollout-bounds.ts'

/** A ReplicaSet and the size it should get, which may be the one it has. */
export interface Sizing {
  replicaSet: Persisted<ReplicaSet>
  replicas: number
}

/** The ReplicaSets of a Deployment: that of its present template, if there is one yet, and all others. */
export interface ReplicaSets {
  current: Persisted<ReplicaSet> | undefined
  old: readonly Persisted<ReplicaSet>[]
}

export function allOf({ current, old }: ReplicaSets): Persisted<ReplicaSet>[] {
  return current ? [...old, current] : [...old]
}

/** True where the Deployment was scaled since its ReplicaSets were sized. */
export function isScaled(deployment: Deployment, sets: ReplicaSets): boolean {
  return allOf(sets)
    .filter(isActive)
    .map(desiredReplicasOf)
    .some((desired) => desired !== undefined && desired !== desiredReplicas(deployment))
}

/** Brings the ReplicaSets to the Deployment's size without rolling out anything: it was scaled, or is paused. */
export function scale(deployment: Deployment, sets: ReplicaSets): Sizing[] {
  const desired = desiredReplicas(deployment)
  const only = activeOrLatest(sets)
  if (only) return [{ replicaSet: only, replicas: desired }]
  if (sets.current && isSaturated(deployment, sets.current)) {
    return sets.old.filter(isActive).map((replicaSet) => ({ replicaSet, replicas: 0 }))
  }
  return isRollingUpdate(deployment) ? proportionalSizes(deployment, allOf(sets).filter(isActive)) : []
}

/** The one ReplicaSet that has Pods, or the newest where none has; undefined where several have. */
function activeOrLatest(sets: ReplicaSets): Persisted<ReplicaSet> | undefined {
  const active = allOf(sets).filter(isActive)
  if (active.length > 1) return undefined
  return active[0] ?? sets.current ?? [...sets.old].sort(oldestFirst).at(-1)
}

/** It has all the Pods the Deployment wants, and they are available. */
function isSaturated(deployment: Deployment, replicaSet: Persisted<ReplicaSet>): boolean {
  const desired = desiredReplicas(deployment)
  const counts = [sizeOf(replicaSet), desiredReplicasOf(replicaSet), replicaSet.status?.availableReplicas]
  return counts.every((count) => count === desired)
}
