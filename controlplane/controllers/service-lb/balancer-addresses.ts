import type { EndpointSlice, Node, Service } from '../../../shared/api/kinds.ts'
import { compareAddresses } from '../../../shared/compare-addresses.ts'
import { findCondition } from '../conditions.ts'

const EXCLUSION_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers'

/**
 * The addresses that lead to a Service from outside, in order: those of the nodes that are ready and not excluded; where
 * traffic is to stay on the node that it comes to, of those that have a ready endpoint. A node that takes no new Pods
 * still forwards traffic.
 */
export function balancerAddresses(
  { spec }: Service,
  nodes: readonly Node[],
  slices: readonly EndpointSlice[],
): string[] {
  const isLocal = spec.externalTrafficPolicy === 'Local'
  const withEndpoint = isLocal ? nodesWithEndpoint(slices) : undefined
  const eligible = nodes.filter(({ metadata }) => !withEndpoint || withEndpoint.has(metadata.name))
  const addresses = eligible.map(externalAddress).filter((address) => address !== undefined)
  return [...new Set(addresses)].sort(compareAddresses)
}

/** Where a node takes traffic from outside; undefined where it is to get none. */
export function externalAddress({ metadata, status }: Node): string | undefined {
  const isReady = findCondition(status?.conditions, 'Ready')?.status === 'True'
  const isExcluded = Object.hasOwn(metadata.labels ?? {}, EXCLUSION_LABEL)
  if (!isReady || isExcluded || metadata.deletionTimestamp) return undefined
  return status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
}

function nodesWithEndpoint(slices: readonly EndpointSlice[]): Set<string | undefined> {
  const endpoints = slices.flatMap((slice) => slice.endpoints ?? [])
  return new Set(endpoints.filter(({ conditions }) => conditions?.ready !== false).map(({ nodeName }) => nodeName))
}
