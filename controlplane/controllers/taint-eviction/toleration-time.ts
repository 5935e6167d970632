import type { Taint, Toleration } from '../../../shared/api/generated/core-v1.ts'

/** How long a Pod with these tolerations may stay with these taints: 0 is not at all, Infinity for ever. */
export function tolerationTimeMs(tolerations: readonly Toleration[] | undefined, taints: readonly Taint[]): number {
  const used: Toleration[] = []
  for (const taint of taints) {
    const toleration = tolerations?.find((candidate) => tolerates(candidate, taint))
    if (!toleration) return 0
    used.push(toleration)
  }
  const limits = used.map(({ tolerationSeconds }) => (tolerationSeconds === undefined ? Infinity : tolerationSeconds))
  return Math.max(0, Math.min(Infinity, ...limits)) * 1000
}

/** No effect means every effect; no key, with Exists, every taint. */
function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  return operator === 'Exists' || (value ?? '') === (taint.value ?? '')
}
