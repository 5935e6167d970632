import type { DeploymentStatus } from '../../../shared/api/generated/apps-v1.ts'
import type { Deployment } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { withCondition } from '../conditions.ts'
import { available } from './deployment-conditions.ts'
import { sizeOf, sum } from './replica-sets.ts'
import { desiredReplicas, minAvailable } from './rollout-bounds.ts'
import { allOf, type ReplicaSets } from './scaling.ts'

/** What its ReplicaSets say about a Deployment; its other conditions stay. */
export function deploymentStatus(
  deployment: Persisted<Deployment>,
  sets: ReplicaSets,
  nowMs: number,
): DeploymentStatus {
  const { status, metadata } = deployment
  const all = allOf(sets)
  const availableReplicas = sum(all, (set) => set.status?.availableReplicas)
  const isAvailable = availableReplicas >= minAvailable(deployment)
  return {
    observedGeneration: metadata.generation ?? 0,
    replicas: sum(all, (set) => set.status?.replicas),
    updatedReplicas: sets.current?.status?.replicas ?? 0,
    readyReplicas: sum(all, (set) => set.status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(all, sizeOf) - availableReplicas),
    ...(status?.collisionCount === undefined ? {} : { collisionCount: status.collisionCount }),
    conditions: withCondition(status?.conditions, available(isAvailable, nowMs)),
  }
}

/** Every Pod is of the present template, available, and there are no others. */
export function isComplete(deployment: Persisted<Deployment>, status: DeploymentStatus | undefined): boolean {
  const desired = desiredReplicas(deployment)
  return (
    status?.updatedReplicas === desired &&
    status.replicas === desired &&
    status.availableReplicas === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}
