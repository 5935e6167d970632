import type { Secret } from '../../shared/api/kinds.ts'
import type { RegistryCredentials } from '../runtime/runtime.ts'
import { parseImageReference } from './image-reference.ts'

interface DockerConfig {
  auths?: Record<string, { username?: string; password?: string; auth?: string }>
}

/**
 * The log-ins that a Pod's imagePullSecrets hold for the registry of `image`, the most specific first.
 * Secrets of other types, and what cannot be read in them, count for nothing.
 */
export function pullCredentials(image: string, secrets: readonly Secret[]): RegistryCredentials[] {
  const reference = parseImageReference(image)
  if (!reference) return []
  const target = `${reference.registry}/${reference.repository}`
  return secrets
    .flatMap(authsOf)
    .filter(({ scope }) => covers(scope, target))
    .sort((a, b) => b.scope.length - a.scope.length)
    .map(({ credentials }) => credentials)
}

interface ScopedCredentials {
  /** Registry, maybe with a path: `ghcr.io/team`. */
  scope: string
  credentials: RegistryCredentials
}

function authsOf(secret: Secret): ScopedCredentials[] {
  const config = readConfig(secret)
  return Object.entries(config?.auths ?? {}).flatMap(([server, entry]) => {
    const decoded = Buffer.from(entry.auth ?? '', 'base64').toString('utf8')
    const colon = decoded.indexOf(':')
    const username = entry.username ?? decoded.slice(0, Math.max(colon, 0))
    const password = entry.password ?? decoded.slice(colon + 1)
    return username === ''
      ? []
      : [{ scope: scopeOf(server), credentials: { username, password, serverAddress: server } }]
  })
}

function readConfig(secret: Secret): DockerConfig | undefined {
  const modern = secret.data?.['.dockerconfigjson']
  const legacy = secret.data?.['.dockercfg']
  try {
    if (modern !== undefined) return JSON.parse(Buffer.from(modern, 'base64').toString('utf8')) as DockerConfig
    if (legacy !== undefined) return { auths: JSON.parse(Buffer.from(legacy, 'base64').toString('utf8')) }
  } catch {
    return undefined
  }
  return undefined
}

/** `https://index.docker.io/v1/` is how Docker itself names its hub. */
function scopeOf(server: string): string {
  const bare = server.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, '')
  return bare === 'index.docker.io' || bare === 'registry-1.docker.io' ? 'docker.io' : bare
}

function covers(scope: string, target: string): boolean {
  return target === scope || target.startsWith(`${scope}/`)
}
