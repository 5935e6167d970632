import type { PodSpec, Toleration } from '../../../shared/api/generated/core-v1.ts'
import { SYSTEM_PRIORITY_CLASSES } from '../../../shared/pod-fields/pod-spec-support.ts'

const NODE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** What Kubernetes' admission plugins (Priority, DefaultTolerationSeconds) settle for a new Pod. */
export function admitPod(spec: PodSpec, defaultTolerationSeconds: number): void {
  spec.priority ??= priorityOf(spec)
  spec.preemptionPolicy ??= 'PreemptLowerPriority'
  for (const key of NODE_TAINTS) tolerateForAWhile(spec, key, defaultTolerationSeconds)
}

/** What its class makes of a Pod; 0 without one. */
export function priorityOf({ priorityClassName = '' }: PodSpec): number {
  return SYSTEM_PRIORITY_CLASSES[priorityClassName] ?? 0
}

function tolerateForAWhile(spec: PodSpec, key: string, tolerationSeconds: number): void {
  const isSaid = spec.tolerations?.some(
    (toleration) => (toleration.key === key || !toleration.key) && isForEviction(toleration),
  )
  if (isSaid) return
  const toleration = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }
  spec.tolerations = [...(spec.tolerations ?? []), toleration]
}

function isForEviction({ effect }: Toleration): boolean {
  return effect === 'NoExecute' || !effect
}
