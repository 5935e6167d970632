import { Ipv4Range } from '../../../shared/ipv4-range.ts'

/** Each node has 256 addresses. */
export const NODE_RANGE_SIZE = 256

/** The first part of the cluster's range, as large as a node's, that overlaps none of `taken`. */
export function freeRange(clusterRange: Ipv4Range, taken: readonly string[]): string | undefined {
  // One that is of another family, as somebody may have set it by hand, takes nothing.
  const ranges = taken.map(Ipv4Range.tryParse).filter((range) => range !== undefined)
  for (let place = 0; place < clusterRange.size; place += NODE_RANGE_SIZE) {
    const candidate = Ipv4Range.parse(`${clusterRange.at(place)}/24`)
    if (!ranges.some((range) => range.overlaps(candidate))) return candidate.toString()
  }
  return undefined
}
