import type { Endpoint, EndpointSlice } from '../../../shared/api/generated/discovery-v1.ts'

/** How many addresses on these nodes take new connections of a Service, whichever of its ports they serve. */
export function countReadyEndpoints(slices: readonly EndpointSlice[], nodeNames: readonly string[]): number {
  const endpoints = slices
    .filter(({ addressType }) => addressType === 'IPv4')
    .flatMap(({ endpoints = [] }) => endpoints)
  const ready = endpoints.filter((endpoint) => isReady(endpoint) && nodeNames.includes(endpoint.nodeName ?? ''))
  return new Set(ready.map(({ addresses }) => addresses[0])).size
}

function isReady({ conditions }: Endpoint): boolean {
  return (conditions?.ready ?? true) && !conditions?.terminating
}
