import { timingSafeEqual } from 'node:crypto'
import { isApiError } from '../../../shared/api/api-error.ts'
import { SECRETS, type Secret } from '../../../shared/api/kinds.ts'
import type { Clock } from '../../../shared/clock.ts'
import { joinTokenId, secretHashOf } from '../../../shared/pki/join-token.ts'
import {
  isExpired,
  JOIN_TOKEN_NAMESPACE,
  JOIN_TOKEN_TYPE,
  type JoinTokenRecord,
  joinTokenSecretName,
  readJoinTokenSecret,
} from '../../../shared/pki/join-token-secret.ts'
import type { Registry } from '../../registry/registry.ts'

export type TokenVerdict =
  | { valid: true; token: JoinTokenRecord }
  /** Only the holder of a real token learns that it has expired. */
  | { valid: false; reason: 'unknown' | 'expired' }

/** Looks up a join token by its secret. */
export async function checkJoinToken(registry: Registry, clock: Clock, secret: string): Promise<TokenVerdict> {
  const hash = secretHashOf(secret)
  const token = await find(registry, joinTokenId(hash))
  if (!token || !timingSafeEqual(Buffer.from(token.secretHash), Buffer.from(hash))) {
    return { valid: false, reason: 'unknown' }
  }
  return isExpired(token, clock.now()) ? { valid: false, reason: 'expired' } : { valid: true, token }
}

/** Deletes tokens that have been of no use for `keepMs`: until then their holders are told why they are refused. */
export async function removeExpiredTokens(registry: Registry, clock: Clock, keepMs = 24 * 3600 * 1000): Promise<void> {
  const { entries } = await registry.list(SECRETS, {
    namespace: JOIN_TOKEN_NAMESPACE,
    fields: [{ field: 'type', equals: true, value: JOIN_TOKEN_TYPE }],
  })
  for (const { object } of entries) {
    const token = readJoinTokenSecret(object as Secret)
    if (!token || !isExpired(token, clock.now() - keepMs)) continue
    const { uid } = object.metadata
    const key = { namespace: JOIN_TOKEN_NAMESPACE, name: object.metadata.name }
    await registry.delete(SECRETS, key, { delete: { preconditions: { uid } } }).catch(ignoreGone)
  }
}

async function find(registry: Registry, id: string): Promise<JoinTokenRecord | undefined> {
  try {
    const { object } = await registry.get(SECRETS, { namespace: JOIN_TOKEN_NAMESPACE, name: joinTokenSecretName(id) })
    return object.metadata.deletionTimestamp ? undefined : readJoinTokenSecret(object as Secret)
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined
    throw error
  }
}

function ignoreGone(error: unknown): void {
  if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error
}
