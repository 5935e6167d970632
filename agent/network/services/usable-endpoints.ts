import type { ServiceEndpoint } from './service-endpoints.ts'

/** Where the rules are made. */
export interface Locality {
  /** The node, and the others whose endpoints count as its own. */
  readonly nodeNames: readonly string[]
  /** The node's `topology.kubernetes.io/zone`. */
  readonly zone?: string
}

export interface UsableEndpoints {
  /** Those that the traffic policy `Cluster` chooses from. */
  readonly cluster: readonly ServiceEndpoint[]
  /** Those that the policy `Local` chooses from: of this node. */
  readonly local: readonly ServiceEndpoint[]
}

/**
 * Ready endpoints, as near as hints have them; where none is ready those that still serve while they end. That is decided
 * for each policy by itself.
 */
export function usableEndpoints(all: readonly ServiceEndpoint[], { nodeNames, zone }: Locality): UsableEndpoints {
  const isNear = nearness(all.filter(isReady), nodeNames, zone)
  const cluster = all.filter((endpoint) => isReady(endpoint) && isNear(endpoint))
  const local = all.filter(({ nodeName }) => nodeName !== undefined && nodeNames.includes(nodeName))
  return {
    cluster: cluster.length > 0 ? cluster : all.filter(isEndingButServing),
    local: local.some(isReady) ? local.filter(isReady) : local.filter(isEndingButServing),
  }
}

function isReady(endpoint: ServiceEndpoint): boolean {
  return endpoint.isReady
}

function isEndingButServing({ isServing, isTerminating }: ServiceEndpoint): boolean {
  return isServing && isTerminating
}

/** Hints count only where all ready endpoints have them and some are for here; those for nodes before those for zones. */
function nearness(
  ready: readonly ServiceEndpoint[],
  nodeNames: readonly string[],
  zone: string | undefined,
): (endpoint: ServiceEndpoint) => boolean {
  const forNode = ({ hints }: ServiceEndpoint) => hints.nodes.some((name) => nodeNames.includes(name))
  if (ready.every(({ hints }) => hints.nodes.length > 0) && ready.some(forNode)) return forNode
  const forZone = ({ hints }: ServiceEndpoint) => zone !== undefined && hints.zones.includes(zone)
  if (ready.every(({ hints }) => hints.zones.length > 0) && ready.some(forZone)) return forZone
  return () => true
}
