import type { Deployment, ReplicaSet } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { oldestFirst } from '../oldest-first.ts'
import { templateForm } from './template-form.ts'

/** How many Pods a ReplicaSet is told to have. */
export function sizeOf(replicaSet: ReplicaSet): number {
  return replicaSet.spec.replicas ?? 1
}

/** Told to have Pods at all. */
export function isActive(replicaSet: ReplicaSet): boolean {
  return sizeOf(replicaSet) > 0
}

/**
 * How many of its Pods count as available: never more than it is told to have, since the status of one that
 * shrinks still counts Pods about to go.
 */
export function availableOf(replicaSet: ReplicaSet): number {
  return Math.min(replicaSet.status?.availableReplicas ?? 0, sizeOf(replicaSet))
}

export function sum(replicaSets: readonly ReplicaSet[], count: (replicaSet: ReplicaSet) => number | undefined): number {
  return replicaSets.reduce((total, replicaSet) => total + (count(replicaSet) ?? 0), 0)
}

/** The ReplicaSet of the Deployment's present template; of several, the oldest. */
export function findNewReplicaSet(
  deployment: Deployment,
  replicaSets: readonly Persisted<ReplicaSet>[],
): Persisted<ReplicaSet> | undefined {
  const form = templateForm(deployment.spec.template)
  return [...replicaSets].sort(oldestFirst).find(({ spec }) => spec.template && templateForm(spec.template) === form)
}
