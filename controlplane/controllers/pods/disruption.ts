import type { PodStatus } from '../../../shared/api/generated/core-v1.ts'
import { withCondition } from '../conditions.ts'

/** The status with the condition that tells who is about to take the Pod away, and why. */
export function withDisruption(
  status: PodStatus | undefined,
  reason: 'DeletionByTaintManager' | 'DeletionByPodGC',
  message: string,
  now: string,
): PodStatus {
  const condition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: now }
  return { ...status, conditions: withCondition(status?.conditions, condition) }
}
