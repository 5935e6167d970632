import { isIPv6 } from 'node:net'
import type { EndpointAddress, EndpointSubset } from '../../../shared/api/generated/core-v1.ts'
import type { Endpoint, EndpointPort } from '../../../shared/api/generated/discovery-v1.ts'
import { ENDPOINTS, type Endpoints } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL, SKIP_MIRROR_LABEL } from '../../../shared/endpoint-slices.ts'
import { controllerRefTo } from '../ownership/controller-ref.ts'
import { type DesiredSlices, type EndpointGroup, portsKey } from '../slices/desired-slices.ts'

export const MANAGED_BY = 'endpointslicemirroring-controller.k8s.io'
/** Of a subset; also what fits in a slice. */
export const MOST_MIRRORED = 1000

const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader'
/** They tell of the Endpoints object itself. */
const NOT_MIRRORED = [
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]

/** False for Endpoints that say so themselves, or that only serve as a lock. */
export function mayBeMirrored({ metadata }: Endpoints): boolean {
  return (
    metadata.labels?.[SKIP_MIRROR_LABEL] !== 'true' && !Object.hasOwn(metadata.annotations ?? {}, LEADER_ANNOTATION)
  )
}

/** What slices are to say that say the same as Endpoints which were made by hand. */
export function mirroredSlices(endpoints: Persisted<Endpoints>): DesiredSlices {
  const { namespace = '', name, labels, annotations = {} } = endpoints.metadata
  const kept = Object.entries(annotations).filter(([key]) => !NOT_MIRRORED.includes(key))
  return {
    namespace,
    name,
    owner: controllerRefTo(ENDPOINTS, endpoints),
    labels: { ...labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGED_BY },
    annotations: Object.fromEntries(kept),
    groups: groupsOf(endpoints.subsets ?? []),
    capacity: MOST_MIRRORED,
  }
}

/** How many addresses are more than a subset may have mirrored. */
export function skippedCount({ subsets = [] }: Endpoints): number {
  const sizes = subsets.map(({ addresses = [], notReadyAddresses = [] }) => addresses.length + notReadyAddresses.length)
  return sizes.reduce((sum, size) => sum + Math.max(0, size - MOST_MIRRORED), 0)
}

/** One for each family and list of ports: subsets may repeat them. */
function groupsOf(subsets: readonly EndpointSubset[]): EndpointGroup[] {
  const groups = new Map<string, { addressType: string; ports: EndpointPort[]; endpoints: Endpoint[] }>()
  for (const { addresses = [], notReadyAddresses = [], ports: own = [] } of subsets) {
    const ports = own.map(({ name = '', ...port }) => ({ name, ...port }))
    const all = [
      ...addresses.map((one) => endpointOf(one, true)),
      ...notReadyAddresses.map((one) => endpointOf(one, false)),
    ]
    for (const endpoint of all.slice(0, MOST_MIRRORED)) {
      const addressType = isIPv6(endpoint.addresses[0] ?? '') ? 'IPv6' : 'IPv4'
      const key = `${addressType} ${portsKey(ports)}`
      const group = groups.get(key)
      if (group) group.endpoints.push(endpoint)
      else groups.set(key, { addressType, ports, endpoints: [endpoint] })
    }
  }
  return [...groups.values()]
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(targetRef ? { targetRef } : {}),
    ...(nodeName ? { nodeName } : {}),
  }
}
