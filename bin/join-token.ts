import type { Secret } from '../shared/api/kinds.ts'
import { systemClock } from '../shared/clock.ts'
import { formatJoinToken, newJoinToken } from '../shared/pki/join-token.ts'
import {
  JOIN_TOKEN_NAMESPACE,
  JOIN_TOKEN_TYPE,
  type JoinTokenRecord,
  joinTokenSecret,
  joinTokenSecretName,
  readJoinTokenSecret,
} from '../shared/pki/join-token-secret.ts'
import { systemRandom } from '../shared/random.ts'
import type { ApiClient } from './api-client.ts'

const PATH = `/api/v1/namespaces/${JOIN_TOKEN_NAMESPACE}/secrets`

export interface NewToken {
  /** 0: for ever. */
  ttlMs: number
  description: string
}

/** Makes a token that admits new nodes for a time and returns it; it can be seen only now. */
export async function createJoinToken(api: ApiClient, options: NewToken): Promise<string> {
  const token = newJoinToken(systemRandom, api.caHash)
  const expiresAt = options.ttlMs > 0 ? systemClock().now() + options.ttlMs : undefined
  await api.call('POST', PATH, joinTokenSecret(token.secret, { expiresAt, description: options.description }))
  return formatJoinToken(token)
}

export async function listJoinTokens(api: ApiClient): Promise<JoinTokenRecord[]> {
  const query = `fieldSelector=${encodeURIComponent(`type=${JOIN_TOKEN_TYPE}`)}`
  const { items } = await api.call<{ items: Secret[] }>('GET', `${PATH}?${query}`)
  return items.map(readJoinTokenSecret).filter((record) => record !== undefined)
}

/** Nodes that joined with it stay. */
export async function deleteJoinToken(api: ApiClient, id: string): Promise<void> {
  await api.call('DELETE', `${PATH}/${joinTokenSecretName(id)}`)
}
