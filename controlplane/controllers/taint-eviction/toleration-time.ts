import type { Taint, Toleration } from '../../../shared/api/generated/core-v1.ts'
import { tolerationOf } from '../../../shared/tolerations.ts'

/** How long a Pod with these tolerations may stay with these taints: 0 is not at all, Infinity for ever. */
export function tolerationTimeMs(tolerations: readonly Toleration[] | undefined, taints: readonly Taint[]): number {
  const used: Toleration[] = []
  for (const taint of taints) {
    const toleration = tolerationOf(tolerations, taint)
    if (!toleration) return 0
    used.push(toleration)
  }
  const limits = used.map(({ tolerationSeconds }) => (tolerationSeconds === undefined ? Infinity : tolerationSeconds))
  return Math.max(0, Math.min(Infinity, ...limits)) * 1000
}
