import type { PodSpec, Toleration } from '../../../shared/api/generated/core-v1.ts'

const NODE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** How long a Pod stays on a node that is lost, where it does not say so: what DefaultTolerationSeconds does upstream. */
export function tolerateLostNodes(spec: PodSpec, defaultTolerationSeconds: number): void {
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
