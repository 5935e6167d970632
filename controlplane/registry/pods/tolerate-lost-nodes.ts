import type { PodSpec, Toleration } from '../../../shared/api/generated/core-v1.ts'

/** For how many seconds a Pod stays on a node that is lost, where it does not say so itself. */
export interface NodeLossTolerance {
  /** The node says that it cannot look after its Pods, which may run on: its container runtime is away. */
  readonly notReadySeconds: number
  /** Nothing is heard of the node. */
  readonly unreachableSeconds: number
}

/** What DefaultTolerationSeconds does upstream. */
export function tolerateLostNodes(spec: PodSpec, { notReadySeconds, unreachableSeconds }: NodeLossTolerance): void {
  tolerateForAWhile(spec, 'node.kubernetes.io/not-ready', notReadySeconds)
  tolerateForAWhile(spec, 'node.kubernetes.io/unreachable', unreachableSeconds)
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
