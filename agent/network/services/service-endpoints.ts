import { isIPv4 } from 'node:net'
import type { ServicePort } from '../../../shared/api/generated/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../../../shared/api/generated/discovery-v1.ts'
import type { Ipv4Endpoint } from './frontend.ts'

/** Where and how one endpoint of a Service's port is. */
export interface ServiceEndpoint {
  readonly target: Ipv4Endpoint
  readonly isReady: boolean
  readonly isServing: boolean
  readonly isTerminating: boolean
  readonly nodeName: string | undefined
  /** The nodes and zones that it was set aside for. */
  readonly hints: { readonly nodes: readonly string[]; readonly zones: readonly string[] }
}

/** What the slices of a Service say of one of its ports, each target once; a slice's port is the Service's by name and protocol. */
export function serviceEndpoints(slices: Iterable<EndpointSlice>, port: ServicePort): ServiceEndpoint[] {
  const found = new Map<Ipv4Endpoint, ServiceEndpoint>()
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue
    const number = slice.ports?.find((candidate) => isSamePort(candidate, port))?.port
    if (number === undefined) continue
    for (const endpoint of slice.endpoints ?? []) {
      const [address = ''] = endpoint.addresses
      if (!isIPv4(address)) continue
      const target = `${address}:${number}`
      // While an endpoint moves from slice to slice it may be in two: whatever offers it to new connections holds.
      if (!found.get(target)?.isReady) found.set(target, described(endpoint, target))
    }
  }
  return [...found.values()]
}

function isSamePort(candidate: EndpointPort, port: ServicePort): boolean {
  return (candidate.name ?? '') === (port.name ?? '') && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP')
}

function described({ conditions, nodeName, hints }: Endpoint, target: Ipv4Endpoint): ServiceEndpoint {
  return {
    target,
    isReady: conditions?.ready ?? true,
    isServing: conditions?.serving ?? true,
    isTerminating: conditions?.terminating ?? false,
    nodeName,
    hints: {
      nodes: hints?.forNodes?.map(({ name }) => name) ?? [],
      zones: hints?.forZones?.map(({ name }) => name) ?? [],
    },
  }
}
