import type { PodDNSConfig, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import type { ResolvConf } from '../../network/resolv-conf.ts'

const MAX_SERVERS = 3
const MAX_SEARCHES = 32
const MAX_SEARCH_CHARACTERS = 2048

export interface PodDns {
  dns: ResolvConf
  /** What had to be left out, in the kubelet's words. */
  omissions: string[]
}

/** Whether it needs more than the machine's own way of resolving, which is every policy's while there is no cluster DNS. */
export function hasOwnDns({ dnsPolicy, dnsConfig }: PodSpec): boolean {
  return dnsPolicy === 'None' || dnsConfig !== undefined
}

/** How a Pod resolves names: as the machine does unless its policy is `None`, and then what its `dnsConfig` adds. */
export function podDns({ dnsPolicy, dnsConfig = {} }: PodSpec, machine: ResolvConf): PodDns {
  const base = dnsPolicy === 'None' ? { servers: [], searches: [], options: [] } : machine
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
