import type { HostAlias, PodDNSConfig, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import { isAddress } from '../validation/addresses.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isDnsSubdomain, isSearchDomain } from '../validation/names.ts'

const POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const MAX_SERVERS = 3
const MAX_SEARCHES = 32
const MAX_SEARCH_CHARACTERS = 2048

/** How a Pod resolves names: its `dnsPolicy`, `dnsConfig` and `hostAliases`. */
export function validateDns(
  { dnsPolicy, dnsConfig, hostAliases = [] }: PodSpec,
  path: string,
  errors: FieldErrors,
): void {
  errors.oneOf(`${path}.dnsPolicy`, dnsPolicy, POLICIES)
  if (dnsPolicy === 'None' && !dnsConfig?.nameservers?.length) requireServer(dnsConfig, `${path}.dnsConfig`, errors)
  else validateConfig(dnsConfig, `${path}.dnsConfig`, errors)
  for (const [index, alias] of hostAliases.entries()) validateHostAlias(alias, `${path}.hostAliases[${index}]`, errors)
}

function requireServer(config: PodDNSConfig | undefined, path: string, errors: FieldErrors): void {
  if (!config) errors.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')
  else {
    const why = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    errors.required(`${path}.nameservers`, why)
  }
}

function validateConfig(config: PodDNSConfig = {}, path: string, errors: FieldErrors): void {
  const { nameservers = [], searches = [], options = [] } = config
  validateServers(nameservers, `${path}.nameservers`, errors)
  validateSearches(searches, `${path}.searches`, errors)
  for (const [index, { name }] of options.entries()) {
    if (!name) errors.required(`${path}.options[${index}]`, 'must not be empty')
  }
}

function validateServers(servers: readonly string[], path: string, errors: FieldErrors): void {
  if (servers.length > MAX_SERVERS) errors.invalid(path, servers, `must not have more than ${MAX_SERVERS} nameservers`)
  for (const [index, server] of servers.entries()) errors.check(`${path}[${index}]`, server, isAddress)
}

function validateSearches(searches: readonly string[], path: string, errors: FieldErrors): void {
  if (searches.length > MAX_SEARCHES) {
    errors.invalid(path, searches, `must not have more than ${MAX_SEARCHES} search paths`)
  }
  if (searches.join(' ').length > MAX_SEARCH_CHARACTERS) {
    const why = `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`
    errors.invalid(path, searches, why)
  }
  for (const [index, search] of searches.entries()) {
    if (search !== '.') errors.check(`${path}[${index}]`, search.replace(/\.$/, ''), isSearchDomain)
  }
}

function validateHostAlias({ ip, hostnames = [] }: HostAlias, path: string, errors: FieldErrors): void {
  errors.check(`${path}.ip`, ip, isAddress)
  for (const [index, name] of hostnames.entries()) errors.check(`${path}.hostnames[${index}]`, name, isDnsSubdomain)
}
