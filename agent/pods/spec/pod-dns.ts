import type { Pod, PodDNSConfig, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import type { ResolvConf } from '../../network/resolv-conf.ts'

const MAX_SERVERS = 3
const MAX_SEARCHES = 32
const MAX_SEARCH_CHARACTERS = 2048

export interface PodDns {
  dns: ResolvConf
  /** What had to be left out, in the kubelet's words. */
  omissions: string[]
}

/** Where the cluster's own names are resolved. */
export interface ClusterDns {
  /** The address of the Service. */
  address: string
  /** Such as `cluster.local`. */
  domain: string
}

/** Whether it resolves as the machine whose network it uses does, which needs nothing of ours. */
export function resolvesAsItsMachine({ hostNetwork, dnsPolicy, dnsConfig }: PodSpec): boolean {
  const isMachines = dnsPolicy === 'Default' || (dnsPolicy ?? 'ClusterFirst') === 'ClusterFirst'
  return hostNetwork === true && isMachines && dnsConfig === undefined
}

/** How a Pod of the namespace resolves names: by its policy, and then what its `dnsConfig` adds. Without `cluster` the cluster has no DNS. */
export function podDns({ metadata, spec }: Pod, machine: ResolvConf, cluster: ClusterDns | undefined): PodDns {
  const { dnsConfig = {} } = spec ?? {}
  const base = policyDns(spec, machine, cluster && { ...cluster, namespace: metadata.namespace ?? '' })
  const servers = union(base.servers, dnsConfig.nameservers)
  const searches = union(base.searches, dnsConfig.searches)
  const keptServers = servers.slice(0, MAX_SERVERS)
  const keptSearches = fitting(searches)
  return {
    dns: { servers: keptServers, searches: keptSearches, options: mergedOptions(base.options, dnsConfig) },
    omissions: [
      ...omission('Nameserver limits were exceeded, some nameservers', 'nameserver', servers, keptServers),
      ...omission('Search Line limits were exceeded, some search paths', 'search', searches, keptSearches),
    ],
  }
}

function policyDns(
  spec: Pod['spec'],
  machine: ResolvConf,
  cluster: (ClusterDns & { namespace: string }) | undefined,
): ResolvConf {
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = spec ?? {}
  if (dnsPolicy === 'None') return { servers: [], searches: [], options: [] }
  const isCluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork)
  if (!isCluster || !cluster) return machine
  const { namespace, domain, address } = cluster
  const own = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain]
  return { servers: [address], searches: union(own, machine.searches), options: ['ndots:5'] }
}

function union(first: readonly string[], second: readonly string[] = []): string[] {
  return [...new Set([...first, ...second])]
}

/** As many as a resolver takes, in number and in length of their line. */
function fitting(searches: readonly string[]): string[] {
  const kept = searches.slice(0, MAX_SEARCHES)
  while (kept.join(' ').length > MAX_SEARCH_CHARACTERS) kept.pop()
  return kept
}

/** The Pod's own replace those of the same name. */
function mergedOptions(base: readonly string[], { options = [] }: PodDNSConfig): string[] {
  const byName = new Map(base.map((option) => [option.split(':')[0], option]))
  for (const { name = '', value } of options) byName.set(name, value ? `${name}:${value}` : name)
  return [...byName.values()]
}

function omission(what: string, line: string, all: readonly string[], kept: readonly string[]): string[] {
  if (kept.length === all.length) return []
  return [`${what} have been omitted, the applied ${line} line is: ${kept.join(' ')}`]
}
