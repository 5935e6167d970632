/** How much the loss of a Pod costs beside that of its siblings, when there are too many of them. */
export const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

const INT32_MAX = 2 ** 31 - 1
const INTEGER = /^(0|-\d+|[1-9]\d*)$/

/** What the annotation says, 0 without one; undefined where that is no 32-bit integer. */
export function podDeletionCost(annotations: Readonly<Record<string, string>> = {}): number | undefined {
  const text = annotations[DELETION_COST] ?? '0'
  const cost = INTEGER.test(text) ? Number(text) : Number.NaN
  return cost >= -INT32_MAX - 1 && cost <= INT32_MAX ? cost : undefined
}
