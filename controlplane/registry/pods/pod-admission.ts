import type { PodSpec, Toleration } from '../../../shared/api/generated/core-v1.ts'

const NODE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** What Kubernetes' admission plugins (Priority, DefaultTolerationSeconds) settle for a new Pod. */
export function admitPod(spec: PodSpec, defaultTolerationSeconds: number): void {
  spec.priority ??= 0
  spec.preemptionPolicy ??= 'PreemptLowerPriority'
  for (const key of NODE_TAINTS) tolerateForAWhile(spec, key, defaultTolerationSeconds)
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
