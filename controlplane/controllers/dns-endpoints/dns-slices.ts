import type { Endpoint } from '../../../shared/api/generated/discovery-v1.ts'
import { type Node, SERVICES, type Service } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { DNS_PORT, GATEWAY_PLACE } from '../../../shared/dns-service.ts'
import { DOMAIN } from '../../../shared/domain.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from '../../../shared/endpoint-slices.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import { ZONE_LABEL } from '../../../shared/topology-labels.ts'
import { findCondition } from '../conditions.ts'
import { controllerRefTo } from '../ownership/controller-ref.ts'
import type { DesiredSlices } from '../slices/desired-slices.ts'

export const MANAGED_BY = `dns-endpoints.${DOMAIN}`
const CAPACITY = 100

export const DNS_PORTS = [
  { name: 'dns', protocol: 'UDP', port: DNS_PORT },
  { name: 'dns-tcp', protocol: 'TCP', port: DNS_PORT },
]

/** What the slices of the DNS Service are to say. */
export function dnsSlices(service: Persisted<Service>, endpoints: readonly Endpoint[]): DesiredSlices {
  const { namespace = '', name, labels } = service.metadata
  return {
    namespace,
    name,
    owner: controllerRefTo(SERVICES, service),
    labels: { ...labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGED_BY },
    groups: [{ addressType: 'IPv4', ports: endpoints.length > 0 ? DNS_PORTS : [], endpoints }],
    capacity: CAPACITY,
  }
}

/** Undefined while the node has no range of addresses yet. */
export function dnsEndpoint({ metadata, spec, status }: Persisted<Node>): Endpoint | undefined {
  const range = Ipv4Range.tryParse(spec.podCIDR ?? '')
  if (!range) return undefined
  const ready = findCondition(status?.conditions, 'Ready')?.status === 'True'
  const zone = metadata.labels?.[ZONE_LABEL]
  return {
    addresses: [range.at(GATEWAY_PLACE)],
    conditions: { ready, serving: ready, terminating: false },
    nodeName: metadata.name,
    // A node's Pods ask the node itself.
    hints: { forNodes: [{ name: metadata.name }] },
    ...(zone ? { zone } : {}),
  }
}
