import type { Deployment, ReplicaSet } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { oldestFirst } from '../oldest-first.ts'
import { revisionOf } from './annotations.ts'
import { historyLimit } from './deployment-conditions.ts'
import { isActive } from './replica-sets.ts'

/** The old ReplicaSets beyond the revision history limit, lowest revision first; those with Pods are spared. */
export function expiredReplicaSets(
  deployment: Deployment,
  old: readonly Persisted<ReplicaSet>[],
): Persisted<ReplicaSet>[] {
  const limit = historyLimit(deployment)
  if (limit === undefined) return []
  const alive = old.filter(({ metadata }) => !metadata.deletionTimestamp)
  const surplus = Math.max(0, alive.length - limit)
  const byRevision = [...alive].sort((a, b) => revisionOf(a) - revisionOf(b) || oldestFirst(a, b))
  return byRevision.slice(0, surplus).filter(isIdle)
}

function isIdle(replicaSet: Persisted<ReplicaSet>): boolean {
  const { status, metadata } = replicaSet
  const isObserved = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  return !isActive(replicaSet) && (status?.replicas ?? 0) === 0 && isObserved
}
