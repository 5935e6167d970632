import { RuntimeFailure } from '../runtime.ts'

/** What docker-modem rejects with: an HTTP answer that was no success, or a connection that was none. */
interface ModemError {
  message: string
  statusCode?: number
  json?: unknown
  code?: string
}

/** What docker-modem puts before Docker's words, where it was asked for a stream and so gives no JSON. */
const MODEM_PREFIX = /^\(HTTP code \d+\) .*? - /

/** The failure that an error of a call to Docker means. */
export function dockerFailure(error: unknown): RuntimeFailure {
  if (error instanceof RuntimeFailure) return error
  const { message, statusCode, json } = error as ModemError
  if (statusCode === undefined) return new RuntimeFailure('unavailable', `cannot reach Docker: ${message}`, error)
  const said = messageOf(json) ?? message.replace(MODEM_PREFIX, '').trim()
  return new RuntimeFailure(codeOf(statusCode), said === '' ? `Docker answered with status ${statusCode}` : said, error)
}

export function isFailure(error: unknown, ...codes: RuntimeFailure['code'][]): error is RuntimeFailure {
  return error instanceof RuntimeFailure && codes.includes(error.code)
}

function codeOf(statusCode: number): RuntimeFailure['code'] {
  switch (statusCode) {
    case 400:
      return 'invalid'
    case 404:
      return 'notFound'
    case 409:
      return 'conflict'
    default:
      return 'failed'
  }
}

function messageOf(json: unknown): string | undefined {
  const message = typeof json === 'object' && json !== null && 'message' in json ? json.message : undefined
  return typeof message === 'string' ? message.trim() : undefined
}
