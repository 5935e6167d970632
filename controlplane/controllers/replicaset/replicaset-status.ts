import type { ReplicaSetStatus } from '../../../shared/api/generated/apps-v1.ts'
import type { Pod, ReplicaSet } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { timestamp } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { matchesLabelSelector } from '../../../shared/selectors.ts'
import { findCondition, withCondition, withoutCondition } from '../conditions.ts'
import { isPodAvailable, isPodReady } from '../pods/pod-state.ts'

/** The status of a ReplicaSet that has these active Pods; `failure` is what kept it from creating or deleting some. */
export function replicaSetStatus(
  replicaSet: Persisted<ReplicaSet>,
  pods: readonly Persisted<Pod>[],
  failure: unknown,
  nowMs: number,
): ReplicaSetStatus {
  const templateLabels = { matchLabels: replicaSet.spec.template?.metadata?.labels ?? {} }
  const minReadySeconds = replicaSet.spec.minReadySeconds ?? 0
  const count = (isCounted: (pod: Persisted<Pod>) => boolean) => pods.filter(isCounted).length
  const conditions = conditionsOf(replicaSet, pods.length, failure, nowMs)
  return {
    replicas: pods.length,
    fullyLabeledReplicas: count((pod) => matchesLabelSelector(templateLabels, pod.metadata.labels)),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => isPodAvailable(pod, minReadySeconds, nowMs)),
    observedGeneration: replicaSet.metadata.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}

function conditionsOf({ spec, status }: Persisted<ReplicaSet>, podCount: number, failure: unknown, nowMs: number) {
  const conditions = status?.conditions
  if (failure === undefined) return withoutCondition(conditions, 'ReplicaFailure')
  if (findCondition(conditions, 'ReplicaFailure')) return conditions ?? []
  return withCondition(conditions, {
    type: 'ReplicaFailure',
    status: 'True',
    reason: podCount < (spec.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete',
    message: messageOf(failure),
    lastTransitionTime: timestamp(nowMs),
  })
}
