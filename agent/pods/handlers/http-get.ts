import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { HTTPGetAction, HTTPHeader } from '../../../shared/api/generated/core-v1.ts'
import { dialError } from './dial-error.ts'
import { addressOf, type HandlerTarget } from './handler-target.ts'

const MAX_REDIRECTS = 10
/** A server that is a few lines of shell ends its lines without a carriage return; Go's client does not mind. */
const LENIENT = { insecureHTTPParser: true }
const WRONG_VERSION = /wrong version number/
const PLAIN_ANSWER = 'http: server gave HTTP response to HTTPS client'

export function httpUrl({ scheme = 'HTTP', host, port, path = '/' }: HTTPGetAction, target: HandlerTarget): string {
  const { text } = addressOf(host, port, target)
  return `${scheme.toLowerCase()}://${text}${path.startsWith('/') ? path : `/${path}`}`
}

/**
 * The status code of a GET. Certificates are not verified; redirects are followed on the same host, up to ten, and one
 * to elsewhere is the answer itself. Rejects in the words of Go's client.
 */
export async function httpGet(
  url: string,
  headers: readonly HTTPHeader[],
  userAgent: string,
  signal: AbortSignal,
): Promise<number> {
  const options = { ...LENIENT, headers: headersOf(headers, userAgent), agent: false, signal } as const
  let from = new URL(url)
  for (let redirects = 0; redirects < MAX_REDIRECTS; redirects++) {
    const { statusCode = 0, headers: answered } = await get(from, options)
    const to = redirectTo(from, statusCode, answered.location)
    if (!to || to.hostname !== from.hostname) return statusCode
    from = to
  }
  throw new Error(`Get ${JSON.stringify(from.href)}: stopped after ${MAX_REDIRECTS} redirects`)
}

function get(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, rejectUnauthorized: false })
        : httpRequest(url, options)
    request.once('response', (response) => {
      resolve(response)
      response.destroy()
    })
    request.on('error', (error) => {
      const why = isPlainAnswer(error) ? PLAIN_ANSWER : dialError(url.host, error)
      reject(new Error(`Get ${JSON.stringify(url.href)}: ${why}`, { cause: error }))
    })
    request.end()
  })
}

/** Whether a request over HTTPS failed, as `httpGet` has it, because the server speaks HTTP. */
export function isAnsweredInHttp(error: unknown): boolean {
  return error instanceof Error && isPlainAnswer(error.cause)
}

/** OpenSSL takes the beginning of an answer that is no TLS for a version of it. */
function isPlainAnswer(error: unknown): boolean {
  return (
    error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPROTO' && WRONG_VERSION.test(error.message)
  )
}

function redirectTo(from: URL, statusCode: number, location: string | undefined): URL | undefined {
  const isRedirect = [301, 302, 303, 307, 308].includes(statusCode)
  return isRedirect && location ? new URL(location, from) : undefined
}

/** Several of one name are all sent; an empty Accept takes the default away. */
function headersOf(headers: readonly HTTPHeader[], userAgent: string): Record<string, string | string[]> {
  const all = new Map<string, string[]>([
    ['user-agent', [userAgent]],
    ['accept', ['*/*']],
  ])
  const given = new Set<string>()
  for (const { name, value } of headers) {
    const key = name.toLowerCase()
    all.set(key, given.has(key) ? [...(all.get(key) ?? []), value] : [value])
    given.add(key)
  }
  if (all.get('accept')?.[0] === '') all.delete('accept')
  return Object.fromEntries([...all].map(([name, values]) => [name, oneOrMany(values)]))
}

function oneOrMany(values: string[]): string | string[] {
  return values.length === 1 ? (values[0] ?? '') : values
}
