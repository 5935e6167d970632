import type { EndpointAddress, EndpointSubset } from '../../../shared/api/generated/core-v1.ts'
import type { Endpoint } from '../../../shared/api/generated/discovery-v1.ts'
import type { Endpoints, Service } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { compareAddresses } from '../../../shared/compare-addresses.ts'
import { SKIP_MIRROR_LABEL } from '../../../shared/endpoint-slices.ts'
import { DNS_PORTS } from './dns-slices.ts'

/** What the slices of the DNS Service say, as the Endpoints that go with them. */
export function dnsEndpointsObject(service: Persisted<Service>, endpoints: readonly Endpoint[]): Endpoints {
  const { namespace, name, labels } = service.metadata
  return {
    metadata: { namespace, name, labels: { ...labels, [SKIP_MIRROR_LABEL]: 'true' } },
    subsets: endpoints.length > 0 ? [subsetOf(endpoints)] : [],
  }
}

function subsetOf(endpoints: readonly Endpoint[]): EndpointSubset {
  const addresses = addressesOf(endpoints, true)
  const notReadyAddresses = addressesOf(endpoints, false)
  return {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ports: DNS_PORTS,
  }
}

function addressesOf(endpoints: readonly Endpoint[], ready: boolean): EndpointAddress[] {
  return endpoints
    .filter(({ conditions }) => conditions?.ready === ready)
    .flatMap(({ addresses, nodeName }) => addresses.map((ip) => ({ ip, ...(nodeName ? { nodeName } : {}) })))
    .sort((a, b) => compareAddresses(a.ip, b.ip))
}
