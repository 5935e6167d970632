import type { Random } from '../random.ts'
import { sha256Hex } from './key-pair.ts'

/** What a new node needs to trust the control plane and to be trusted: `K1.<sha256 of the CA certificate>.<secret>`. */
export interface JoinToken {
  /** SHA-256 of the CA certificate's DER in lower-case hex. */
  readonly caHash: string
  readonly secret: string
}

const TOKEN = /^K1\.([0-9a-f]{64})\.([0-9a-f]{40})$/
const SECRET_BYTES = 20
const ID_LENGTH = 10

export function newJoinToken(random: Random, caHash: string): JoinToken {
  return { caHash, secret: Buffer.from(random.bytes(SECRET_BYTES)).toString('hex') }
}

export function formatJoinToken(token: JoinToken): string {
  return `K1.${token.caHash}.${token.secret}`
}

/** Undefined where the text is no token. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const match = TOKEN.exec(text.trim())
  return match?.[1] && match[2] ? { caHash: match[1], secret: match[2] } : undefined
}

/** What a token is called in lists and names. It tells nothing of the secret that could be used. */
export function joinTokenId(secretHash: string): string {
  return secretHash.slice(0, ID_LENGTH)
}

/** All that is kept of a token's secret. */
export function secretHashOf(secret: string): string {
  return sha256Hex(secret)
}
