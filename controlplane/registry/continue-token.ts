import { ApiError } from '../../shared/api/api-error.ts'

/** Where a list goes on: behind `start` (a key without its prefix), in the state of `revision`. */
export interface ContinueToken {
  revision: number
  start: string
}

const VERSION = 'meta.k8s.io/v1'

export function encodeContinue({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start })).toString('base64url')
}

/** Throws BadRequest on anything that `encodeContinue` did not make. */
export function decodeContinue(text: string): ContinueToken {
  const token = parse(text)
  if (token.v !== VERSION) throw notValid('server does not recognize this encoded version')
  if (!Number.isSafeInteger(token.rv) || (token.rv as number) <= 0)
    throw notValid('incorrect encoded start resourceVersion')
  if (typeof token.start !== 'string' || !token.start) throw notValid('encoded start key is empty')
  return { revision: token.rv as number, start: token.start }
}

function parse(text: string): Record<string, unknown> {
  try {
    const token: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (typeof token === 'object' && token !== null) return token as Record<string, unknown>
  } catch {
    // answered below
  }
  throw notValid('it cannot be decoded')
}

function notValid(why: string): ApiError {
  return ApiError.badRequest(`continue key is not valid: ${why}`)
}
