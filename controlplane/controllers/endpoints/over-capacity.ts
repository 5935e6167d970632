import type { EndpointSubset } from '../../../shared/api/generated/core-v1.ts'

export const OVER_CAPACITY_ANNOTATION = 'endpoints.kubernetes.io/over-capacity'
const CAPACITY = 1000

/**
 * The subsets cut down to 1000 addresses in all, each by its share; those that are ready come first. Undefined where
 * there are no more than that.
 */
export function truncated(subsets: readonly EndpointSubset[]): EndpointSubset[] | undefined {
  const ready = sum(subsets, 'addresses')
  const notReady = sum(subsets, 'notReadyAddresses')
  if (ready + notReady <= CAPACITY) return undefined
  if (ready > CAPACITY) {
    const cut = cutDown(subsets, 'addresses', CAPACITY / ready, CAPACITY)
    return cut.map(({ notReadyAddresses, ...subset }) => subset).filter(({ addresses }) => addresses)
  }
  const room = CAPACITY - ready
  const cut = cutDown(subsets, 'notReadyAddresses', room / notReady, room)
  return cut.filter(({ addresses, notReadyAddresses }) => addresses ?? notReadyAddresses)
}

type Field = 'addresses' | 'notReadyAddresses'

function sum(subsets: readonly EndpointSubset[], field: Field): number {
  return subsets.reduce((count, subset) => count + (subset[field]?.length ?? 0), 0)
}

/** Shares are rounded up, so the last may get less. */
function cutDown(subsets: readonly EndpointSubset[], field: Field, share: number, most: number): EndpointSubset[] {
  let left = most
  return subsets.map(({ [field]: addresses = [], ...rest }) => {
    const kept = addresses.slice(0, Math.min(left, Math.ceil(addresses.length * share)))
    left -= kept.length
    return kept.length > 0 ? { ...rest, [field]: kept } : rest
  })
}
