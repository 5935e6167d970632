import type { ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import type { EndpointHints } from '../../../shared/api/generated/discovery-v1.ts'

/** Where a ready endpoint is. */
export interface EndpointPlace {
  readonly zone: string | undefined
  readonly nodeName: string | undefined
}

/** Who is to use an endpoint before others, as the Service's `trafficDistribution` has it. */
export function endpointHints(
  { trafficDistribution }: ServiceSpec,
  { zone, nodeName }: EndpointPlace,
): EndpointHints | undefined {
  if (trafficDistribution === undefined) return undefined
  const isNodePreferred = trafficDistribution === 'PreferSameNode'
  const hints: EndpointHints = {
    ...(zone ? { forZones: [{ name: zone }] } : {}),
    ...(isNodePreferred && nodeName ? { forNodes: [{ name: nodeName }] } : {}),
  }
  return Object.keys(hints).length > 0 ? hints : undefined
}
