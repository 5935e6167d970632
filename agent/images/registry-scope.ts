/** Which images a log-in is for: those of a registry, maybe only those whose path begins so. */
export interface RegistryScope {
  /** Host and path, without scheme: `ghcr.io/team`, `*.example.com:5000`. */
  key: string
  host: string
  path: string
}

/** Docker's own registry, as its log-ins and its images name it. */
const DOCKER_HUB = new Set(['index.docker.io', 'docker.io', 'registry-1.docker.io'])

/** Of a server as Docker's configuration names it, such as `https://index.docker.io/v1/`. Undefined for an empty one. */
export function registryScope(server: string): RegistryScope | undefined {
  const bare = server.replace(/^https?:\/\//, '')
  const slash = bare.indexOf('/')
  const host = slash < 0 ? bare : bare.slice(0, slash)
  // Docker's configuration names the version of the registry's API, too.
  const path = (slash < 0 ? '' : bare.slice(slash)).replace(/^\/v[12](?=\/|$)/, '').replace(/^\/$/, '')
  return host === '' ? undefined : { key: `${host}${path}`, host, path }
}

/** As in the kubelet: `*` stands for any text within one part of the host, the port must be the same, a path begins so. */
export function isCovered(image: string, { host, path }: RegistryScope): boolean {
  const slash = image.indexOf('/')
  const registry = image.slice(0, slash)
  if (!image.slice(slash).startsWith(path)) return false
  if (DOCKER_HUB.has(registry) && DOCKER_HUB.has(host)) return true
  const [name = '', port] = splitPort(registry)
  const [pattern = '', patternPort] = splitPort(host)
  if (port !== patternPort) return false
  const parts = name.split('.')
  const patterns = pattern.split('.')
  return parts.length === patterns.length && patterns.every((each, index) => matches(each, parts[index] ?? ''))
}

function splitPort(host: string): [name: string, port: string | undefined] {
  const match = /^(.*):(\d+)$/.exec(host)
  return match ? [match[1] ?? '', match[2]] : [host, undefined]
}

function matches(pattern: string, text: string): boolean {
  const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('.*')}$`).test(text)
}
