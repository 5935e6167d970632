import { isIPv4 } from 'node:net'
import type { Service, ServicePort } from '../../../shared/api/generated/core-v1.ts'
import type { EndpointSlice } from '../../../shared/api/generated/discovery-v1.ts'
import { type Frontend, type FrontendVerdict, frontendKey, type ServiceProtocol } from './frontend.ts'
import { type ServiceEndpoint, serviceEndpoints } from './service-endpoints.ts'
import { type Locality, type UsableEndpoints, usableEndpoints } from './usable-endpoints.ts'

/**
 * In whose network namespace the rules are. `pod`: of a Pod, for what it opens itself. `gateway`: for what processes on the
 * machine's own network open. `nodePort`: behind the ports that the machine publishes for one Service.
 */
export type RulesRole = 'pod' | 'gateway' | 'nodePort'

export interface FrontendFacts extends Locality {
  readonly role: RulesRole
  /** With `pod` the node's addresses, at which its node ports are met; with `nodePort` the one that published ports lead to. */
  readonly ownAddresses: readonly string[]
}

const DEFAULT_AFFINITY_SECONDS = 10_800

/** Where a Service is met, and where it leads to; nothing for headless ones and those that are only a name. */
export function serviceFrontends(
  service: Service,
  slices: readonly EndpointSlice[],
  facts: FrontendFacts,
): Map<string, Frontend> {
  const found = new Map<string, Frontend>()
  if (!hasClusterIP(service)) return found
  for (const port of service.spec.ports ?? []) {
    if (!isBalanced(port.protocol)) continue
    for (const frontend of portFrontends(service, port, slices, facts)) {
      const key = frontendKey(frontend)
      if (!found.has(key)) found.set(key, frontend)
    }
  }
  return found
}

export function hasClusterIP({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && isIPv4(spec.clusterIP ?? '')
}

function isBalanced(protocol: string | undefined): boolean {
  return protocol === undefined || protocol === 'TCP' || protocol === 'UDP'
}

function* portFrontends(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  facts: FrontendFacts,
): Generator<Frontend> {
  const { spec } = service
  const all = serviceEndpoints(slices, port)
  const usable = usableEndpoints(all, facts)
  const protocol: ServiceProtocol = port.protocol === 'UDP' ? 'UDP' : 'TCP'
  const internal = verdictOf(service, usable, spec.internalTrafficPolicy)
  // Whoever is on a node reaches all endpoints from there: only what comes from outside is kept to the node's own.
  const external = externalVerdict(service, usable, facts.role)

  if (facts.role !== 'nodePort') yield { address: spec.clusterIP!, protocol, port: port.port, verdict: internal }
  if (facts.role === 'gateway') return
  for (const address of facts.ownAddresses)
    if (port.nodePort) yield { address, protocol, port: port.nodePort, verdict: external }
  const own = facts.role === 'nodePort' ? facts.ownAddresses : undefined
  const ranges = spec.loadBalancerSourceRanges?.map((range) => range.trim()) ?? []
  const guard = ranges.length > 0 ? { sourceRanges: ranges } : {}
  for (const address of own ?? balancerAddresses(service))
    if (spec.type === 'LoadBalancer') yield { address, protocol, port: port.port, verdict: external, ...guard }
  for (const address of spec.externalIPs?.length ? (own ?? spec.externalIPs) : [])
    if (isIPv4(address)) yield { address, protocol, port: port.port, verdict: external }
}

function balancerAddresses({ status }: Service): string[] {
  const ingresses = status?.loadBalancer?.ingress ?? []
  return ingresses.flatMap(({ ip, ipMode }) => (ip && isIPv4(ip) && ipMode !== 'Proxy' ? [ip] : []))
}

function verdictOf(service: Service, { cluster, local }: UsableEndpoints, policy: string | undefined): FrontendVerdict {
  const usable = policy === 'Local' ? local : cluster
  if (usable.length > 0) return { type: 'balance', endpoints: usable.map(targetOf), ...affinityOf(service) }
  return { type: cluster.length > 0 ? 'drop' : 'reject' }
}

/** Answers of the machine's own Pods come back the same way without a translation of the client. */
function externalVerdict(service: Service, usable: UsableEndpoints, role: RulesRole): FrontendVerdict {
  if (role !== 'nodePort') return verdictOf(service, usable, 'Cluster')
  const policy = service.spec.externalTrafficPolicy
  const verdict = verdictOf(service, usable, policy)
  return verdict.type === 'balance' && policy === 'Local' ? { ...verdict, keepsClient: true } : verdict
}

function targetOf({ target }: ServiceEndpoint): string {
  return target
}

function affinityOf({ spec }: Service): { affinitySeconds?: number } {
  if (spec.sessionAffinity !== 'ClientIP') return {}
  return { affinitySeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS }
}
