import type { Secret } from '../../shared/api/kinds.ts'
import { compareStrings } from '../../shared/compare-strings.ts'
import type { RegistryCredentials } from '../runtime/runtime.ts'
import { parseImageReference } from './image-reference.ts'
import { isCovered, type RegistryScope, registryScope } from './registry-scope.ts'

interface DockerAuth {
  username?: string
  password?: string
  auth?: string
}

interface ScopedCredentials {
  scope: RegistryScope
  login: Login
}

type Login = Omit<RegistryCredentials, 'serverAddress'>

/**
 * The log-ins that a Pod's imagePullSecrets hold for the registry of `image`, the most specific first.
 * Secrets of other types, and what cannot be read in them, count for nothing.
 */
export function pullCredentials(image: string, secrets: readonly Secret[]): RegistryCredentials[] {
  const reference = parseImageReference(image)
  if (!reference) return []
  const target = `${reference.registry}/${reference.repository}`
  const fitting = secrets
    .flatMap(authsOf)
    .filter(({ scope }) => isCovered(target, scope))
    .sort((a, b) => compareStrings(b.scope.key, a.scope.key))
  // A Docker whose images containerd keeps uses a log-in for this very host only, so a wildcard would not do.
  return fitting.map(({ login }) => ({ ...login, serverAddress: reference.registry }))
}

function authsOf(secret: Secret): ScopedCredentials[] {
  return Object.entries(readAuths(secret)).flatMap(([server, entry]) => {
    const scope = registryScope(server)
    const login = loginOf(entry)
    return scope && login ? [{ scope, login }] : []
  })
}

/** `auth` is `username:password` in base64, and counts before the two by themselves. */
function loginOf({ username = '', password = '', auth }: DockerAuth): Login | undefined {
  if (auth === undefined || auth === '') return username === '' ? undefined : { username, password }
  const decoded = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
  const colon = decoded.indexOf(':')
  return colon < 0 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

/** By server, from a file `config.json` of Docker's, or from the older `.dockercfg`, which is only its inner part. */
function readAuths({ data = {} }: Secret): Record<string, DockerAuth> {
  const modern = data['.dockerconfigjson']
  const text = modern ?? data['.dockercfg']
  if (text === undefined) return {}
  try {
    const config = JSON.parse(Buffer.from(text, 'base64').toString('utf8'))
    return (modern === undefined ? config : config?.auths) ?? {}
  } catch {
    return {}
  }
}
