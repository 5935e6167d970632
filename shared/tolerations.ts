import type { Taint, Toleration } from './api/generated/core-v1.ts'

/** True where one of the tolerations tolerates the taint. */
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return tolerationOf(tolerations, taint) !== undefined
}

/** The first toleration that tolerates the taint. */
export function tolerationOf(tolerations: readonly Toleration[] | undefined, taint: Taint): Toleration | undefined {
  return tolerations?.find((toleration) => toleratesTaint(toleration, taint))
}

/** No effect means every effect; no key, with Exists, every taint. */
function toleratesTaint({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  switch (operator) {
    case 'Exists':
      return true
    case 'Gt':
    case 'Lt':
      return comesAfter(operator === 'Gt' ? [taint.value, value] : [value, taint.value])
    default:
      return (value ?? '') === (taint.value ?? '')
  }
}

/** Compares as whole numbers; what is none is not after anything. */
function comesAfter([later, earlier]: readonly [string | undefined, string | undefined]): boolean {
  if (!/^-?\d+$/.test(later ?? '') || !/^-?\d+$/.test(earlier ?? '')) return false
  return BigInt(later ?? '') > BigInt(earlier ?? '')
}
