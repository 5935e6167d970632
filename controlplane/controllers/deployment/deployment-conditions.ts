import type { DeploymentCondition, DeploymentStatus } from '../../../shared/api/generated/apps-v1.ts'
import type { Deployment } from '../../../shared/api/kinds.ts'
import { timestamp } from '../../../shared/clock.ts'
import { findCondition, withCondition } from '../conditions.ts'

export type ProgressReason =
  | 'NewReplicaSetCreated'
  | 'FoundNewReplicaSet'
  | 'ReplicaSetUpdated'
  | 'NewReplicaSetAvailable'
  | 'ReplicaSetCreateError'
  | 'ProgressDeadlineExceeded'
  | 'DeploymentPaused'
  | 'DeploymentResumed'

export function progressing(
  status: 'True' | 'False' | 'Unknown',
  reason: ProgressReason,
  message: string,
  nowMs: number,
): DeploymentCondition {
  return condition('Progressing', status, reason, message, nowMs)
}

export function available(isAvailable: boolean, nowMs: number): DeploymentCondition {
  return isAvailable
    ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', nowMs)
    : condition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        nowMs,
      )
}

function condition(type: string, status: string, reason: string, message: string, nowMs: number): DeploymentCondition {
  const now = timestamp(nowMs)
  return { type, status, lastUpdateTime: now, lastTransitionTime: now, reason, message }
}

/** The largest value is how a Deployment says that it has no deadline. */
const NO_LIMIT = 2 ** 31 - 1

/** Undefined where the Deployment does not ask to watch over its progress. */
export function progressDeadlineMs({ spec }: Deployment): number | undefined {
  const seconds = spec.progressDeadlineSeconds
  return seconds === undefined || seconds === NO_LIMIT ? undefined : seconds * 1000
}

/** How many old ReplicaSets to keep; undefined is all. */
export function historyLimit({ spec }: Deployment): number | undefined {
  const limit = spec.revisionHistoryLimit
  return limit === NO_LIMIT ? undefined : limit
}

/** The status with a Progressing condition that tells of a pause, or of its end; a missed deadline is told on. */
export function withPauseNoted(deployment: Deployment, nowMs: number): DeploymentStatus {
  const { spec, status } = deployment
  const current = findCondition(status?.conditions, 'Progressing')
  const isNoted = current?.reason === 'DeploymentPaused'
  const isPaused = spec.paused ?? false
  const isWatched = progressDeadlineMs(deployment) !== undefined
  if (!isWatched || isPaused === isNoted || current?.reason === 'ProgressDeadlineExceeded') return { ...status }
  const condition = isPaused
    ? progressing('Unknown', 'DeploymentPaused', 'Deployment is paused', nowMs)
    : progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed', nowMs)
  return { ...status, conditions: withCondition(status?.conditions, condition) }
}
