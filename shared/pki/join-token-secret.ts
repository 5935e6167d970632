import type { Secret } from '../api/kinds.ts'
import { timestamp } from '../clock.ts'
import { DOMAIN } from '../domain.ts'
import { joinTokenId, secretHashOf } from './join-token.ts'

/** A join token is kept as a Secret of this type in this namespace; made, listed and deleted as any other object. */
export const JOIN_TOKEN_NAMESPACE = 'kube-system'
export const JOIN_TOKEN_TYPE = `${DOMAIN}/join-token`

/** What is known of a token that was made before: not its secret. */
export interface JoinTokenRecord {
  readonly id: string
  /** SHA-256 of the secret in hex. */
  readonly secretHash: string
  /** Milliseconds since 1970; absent: it never expires. */
  readonly expiresAt?: number
  readonly description: string
}

export function joinTokenSecretName(id: string): string {
  return `join-token-${id}`
}

/** The Secret that admits the holder of `secret`. */
export function joinTokenSecret(
  secret: string,
  options: { expiresAt?: number | undefined; description?: string | undefined } = {},
): Secret {
  const secretHash = secretHashOf(secret)
  const data = {
    'secret-sha256': secretHash,
    ...(options.expiresAt === undefined ? {} : { expiration: timestamp(options.expiresAt) }),
    ...(options.description ? { description: options.description } : {}),
  }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: joinTokenSecretName(joinTokenId(secretHash)), namespace: JOIN_TOKEN_NAMESPACE },
    type: JOIN_TOKEN_TYPE,
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  }
}

/** Undefined for a Secret that is no token, or a damaged one: what cannot be read admits nobody. */
export function readJoinTokenSecret(secret: Secret): JoinTokenRecord | undefined {
  const secretHash = field(secret, 'secret-sha256')
  if (secret.type !== JOIN_TOKEN_TYPE || !secretHash || !/^[0-9a-f]{64}$/.test(secretHash)) return undefined
  const expiration = field(secret, 'expiration')
  const expiresAt = expiration === undefined ? undefined : Date.parse(expiration)
  if (Number.isNaN(expiresAt)) return undefined
  return {
    id: joinTokenId(secretHash),
    secretHash,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    description: field(secret, 'description') ?? '',
  }
}

export function isExpired(record: JoinTokenRecord, nowMs: number): boolean {
  return record.expiresAt !== undefined && record.expiresAt <= nowMs
}

function field(secret: Secret, name: string): string | undefined {
  const data = secret.data ?? {}
  return Object.hasOwn(data, name) ? Buffer.from(data[name] ?? '', 'base64').toString('utf8') : undefined
}
