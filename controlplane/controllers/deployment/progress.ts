import type { DeploymentCondition, DeploymentStatus } from '../../../shared/api/generated/apps-v1.ts'
import type { Deployment } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { findCondition, withCondition, withoutCondition } from '../conditions.ts'
import { progressDeadlineMs, progressing } from './deployment-conditions.ts'
import { isComplete } from './deployment-status.ts'
import { allOf, type ReplicaSets } from './scaling.ts'

/**
 * The status with what it says about the rollout: done, getting on, or stuck beyond the deadline; and what keeps its
 * ReplicaSets from making Pods. `deployment.status` is what was known before.
 */
export function withProgress(
  deployment: Persisted<Deployment>,
  status: DeploymentStatus,
  sets: ReplicaSets,
  nowMs: number,
): DeploymentStatus {
  const conditions = withFailure(progressConditions(deployment, status, sets, nowMs), sets)
  return { ...status, conditions }
}

function progressConditions(
  deployment: Persisted<Deployment>,
  status: DeploymentStatus,
  sets: ReplicaSets,
  nowMs: number,
): DeploymentCondition[] {
  const conditions = status.conditions ?? []
  if (progressDeadlineMs(deployment) === undefined) return withoutCondition(conditions, 'Progressing')
  const current = findCondition(conditions, 'Progressing')
  const wasCompleted = status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable'
  if (wasCompleted) return conditions

  const subject = sets.current
    ? `ReplicaSet ${JSON.stringify(sets.current.metadata.name)}`
    : `Deployment ${JSON.stringify(deployment.metadata.name)}`
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`
    return withCondition(conditions, progressing('True', 'NewReplicaSetAvailable', message, nowMs))
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const message = `${subject} is progressing.`
    return renewed(conditions, progressing('True', 'ReplicaSetUpdated', message, nowMs))
  }
  if (isTimedOut(deployment, current, nowMs)) {
    const message = `${subject} has timed out progressing.`
    return withCondition(conditions, progressing('False', 'ProgressDeadlineExceeded', message, nowMs))
  }
  return conditions
}

/** Any progress starts the deadline anew, so `lastUpdateTime` moves even where status and reason stay. */
function renewed(conditions: readonly DeploymentCondition[], condition: DeploymentCondition): DeploymentCondition[] {
  const current = findCondition(conditions, condition.type)
  const since = current?.status === condition.status ? current.lastTransitionTime : undefined
  const rest = withoutCondition(conditions, condition.type)
  return [...rest, { ...condition, ...(since ? { lastTransitionTime: since } : {}) }]
}

function hasProgressed(before: DeploymentStatus, now: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

function isTimedOut(deployment: Deployment, current: DeploymentCondition | undefined, nowMs: number): boolean {
  if (current?.reason === 'ProgressDeadlineExceeded') return true
  const deadline = deadlineOf(deployment, current)
  return deadline !== undefined && deadline < nowMs
}

/** When the rollout counts as stuck; undefined where nothing is under way, or it is stuck already. */
function deadlineOf(deployment: Deployment, current: DeploymentCondition | undefined): number | undefined {
  const deadlineMs = progressDeadlineMs(deployment)
  if (deadlineMs === undefined || !current?.lastUpdateTime) return undefined
  if (current.reason === 'NewReplicaSetAvailable' || current.reason === 'ProgressDeadlineExceeded') return undefined
  return Date.parse(current.lastUpdateTime) + deadlineMs
}

/** How long until the deadline must be looked at; undefined where there is none to wait for. */
export function untilDeadlineMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const deadline = deadlineOf(deployment, findCondition(status.conditions, 'Progressing'))
  return deadline === undefined ? undefined : Math.max(0, deadline - nowMs) + 1
}

/** The new ReplicaSet's failure counts before those of the old. */
function withFailure(conditions: readonly DeploymentCondition[], sets: ReplicaSets): DeploymentCondition[] {
  const ordered = sets.current ? [sets.current, ...sets.old] : allOf(sets)
  const failure = ordered.map((set) => findCondition(set.status?.conditions, 'ReplicaFailure')).find(Boolean)
  if (!failure) return withoutCondition(conditions, 'ReplicaFailure')
  const since = failure.lastTransitionTime
  return withCondition(conditions, { ...failure, ...(since ? { lastUpdateTime: since } : {}) })
}
