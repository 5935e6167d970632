import type { Deployment, Pod, ReplicaSet } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { isPodFinished } from '../pods/pod-state.ts'
import { isActive, sum } from './replica-sets.ts'
import { desiredReplicas } from './rollout-bounds.ts'
import type { Sizing } from './scaling.ts'

/** All Pods of old templates go before any new one comes. */
export function shrinkAll(old: readonly Persisted<ReplicaSet>[]): Sizing[] {
  return old.filter(isActive).map((replicaSet) => ({ replicaSet, replicas: 0 }))
}

/** True while an old Pod may still run, be it terminating. */
export function areOldPodsRunning(old: readonly Persisted<ReplicaSet>[], oldPods: readonly Pod[]): boolean {
  return sum(old, ({ status }) => status?.replicas) > 0 || oldPods.some((pod) => !isPodFinished(pod))
}

export function growNew(deployment: Deployment, current: Persisted<ReplicaSet>): Sizing[] {
  return [{ replicaSet: current, replicas: desiredReplicas(deployment) }]
}
