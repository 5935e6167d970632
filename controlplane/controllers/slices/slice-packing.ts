import { isDeepStrictEqual } from 'node:util'
import type { Endpoint } from '../../../shared/api/generated/discovery-v1.ts'
import type { EndpointSlice } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { endpointKey } from './desired-slices.ts'

/** What one slice is to hold. Nothing: it may go. */
export interface PackedSlice {
  /** The slice that there is; absent for a new one. */
  readonly slice?: Persisted<EndpointSlice>
  readonly endpoints: Endpoint[]
  isChanged: boolean
}

/**
 * Distributes endpoints of the same ports over slices so that few are written, as upstream's controller does: what is
 * in a slice stays there; what is new goes where something changes anyway, else into the one slice that it fills up
 * best, else into new ones. Nothing is moved only to have fewer slices.
 */
export function packSlices(
  slices: readonly Persisted<EndpointSlice>[],
  desired: readonly Endpoint[],
  capacity: number,
): PackedSlice[] {
  const left = new Map(desired.map((endpoint) => [endpointKey(endpoint), endpoint]))
  const packed = slices.map((slice) => keepDesired(slice, left, capacity))
  const changed = packed.filter(({ isChanged, endpoints }) => isChanged && endpoints.length > 0)
  for (const one of changed.sort(byFullness)) fill(one, left, capacity)
  while (left.size > 0) {
    const one = bestFit(packed, left.size, capacity) ?? emptyOne(packed)
    fill(one, left, capacity)
  }
  return packed
}

/** Takes those that are still desired off `left`, as they are to be from now on. */
function keepDesired(slice: Persisted<EndpointSlice>, left: Map<string, Endpoint>, capacity: number): PackedSlice {
  const endpoints: Endpoint[] = []
  for (const endpoint of slice.endpoints ?? []) {
    const key = endpointKey(endpoint)
    const desired = left.get(key)
    if (!desired || endpoints.length === capacity) continue
    endpoints.push(desired)
    left.delete(key)
  }
  return { slice, endpoints, isChanged: !isDeepStrictEqual(endpoints, slice.endpoints ?? []) }
}

function fill(one: PackedSlice, left: Map<string, Endpoint>, capacity: number): void {
  for (const [key, endpoint] of left) {
    if (one.endpoints.length >= capacity) return
    one.endpoints.push(endpoint)
    one.isChanged = true
    left.delete(key)
  }
}

/** The fullest of the slices that can take all that is left. */
function bestFit(packed: readonly PackedSlice[], count: number, capacity: number): PackedSlice | undefined {
  const fitting = packed.filter(({ endpoints }) => endpoints.length > 0 && endpoints.length + count <= capacity)
  return fitting.sort(byFullness)[0]
}

function emptyOne(packed: PackedSlice[]): PackedSlice {
  const emptied = packed.find(({ endpoints }) => endpoints.length === 0)
  if (emptied) return emptied
  const added: PackedSlice = { endpoints: [], isChanged: true }
  packed.push(added)
  return added
}

function byFullness(a: PackedSlice, b: PackedSlice): number {
  return b.endpoints.length - a.endpoints.length
}
