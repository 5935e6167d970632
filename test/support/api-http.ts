import { once } from 'node:events'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import type { TestApiServer } from './test-api-server.ts'

/** What Go's clients, and so kubectl, let a server send ahead. */
const WINDOW_BYTES = 4 * 1024 * 1024

export interface HttpOptions {
  headers?: Record<string, string>
  /** A string or bytes as they are, anything else as JSON. */
  body?: unknown
}

export interface HttpAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** Undefined where the text is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  json: any
}

export interface HttpStream {
  status: number
  headers: IncomingHttpHeaders
  /** The next line; undefined at the end. Rejects where the stream broke off. */
  line(): Promise<string | undefined>
  /** The next line, as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  event(): Promise<any>
  close(): void
}

/** What a client must know of a server. */
export type ApiAddress = Pick<TestApiServer, 'url' | 'port' | 'ca'>

/** A client of one API server that speaks real HTTP over TLS. */
export class ApiHttp {
  readonly #server: ApiAddress
  readonly #tls: { cert?: string; key?: string }
  #session: ClientHttp2Session | undefined

  constructor(server: ApiAddress, tls: { cert?: string; key?: string } = {}) {
    this.#server = server
    this.#tls = tls
  }

  get = (path: string, headers: Record<string, string> = {}) => this.send('GET', path, { headers })
  post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    this.send('POST', path, { body, headers })
  put = (path: string, body: unknown, headers: Record<string, string> = {}) => this.send('PUT', path, { body, headers })
  delete = (path: string, body?: unknown) => this.send('DELETE', path, { body })
  patch = (path: string, type: 'json' | 'merge' | 'strategic-merge' | 'apply', body: unknown) => {
    const contentType = type === 'apply' ? 'application/apply-patch+yaml' : `application/${type}-patch+json`
    return this.send('PATCH', path, { body, headers: { 'content-type': contentType } })
  }

  /** Over HTTP/2. */
  async send(method: string, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    const { status, headers, input } = await this.#open(method, path, options)
    return answer(status, headers, input)
  }

  async stream(path: string, headers: Record<string, string> = {}): Promise<HttpStream> {
    const { status, headers: answered, input } = await this.#open('GET', path, { headers })
    return lines(status, answered, input)
  }

  /** Over HTTP/1.1, on a connection of its own. */
  async sendHttp1(method: string, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    const { port, ca } = this.#server
    const { headers, body } = prepare(options)
    const request = httpsRequest({ host: '127.0.0.1', port, ca, ...this.#tls, method, path, headers, agent: false })
    request.end(body)
    const [response] = await once(request, 'response')
    return answer(response.statusCode, response.headers, response)
  }

  close(): void {
    this.#session?.destroy()
  }

  async #open(method: string, path: string, options: HttpOptions) {
    if (!this.#session || this.#session.destroyed || this.#session.closed) {
      const settings = { initialWindowSize: WINDOW_BYTES }
      const session = connect(this.#server.url, { ca: this.#server.ca, ...this.#tls, settings })
      session.on('error', () => {})
      session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES))
      this.#session = session
    }
    const { headers, body } = prepare(options)
    const endStream = body.length === 0
    const input = this.#session.request({ ':method': method, ':path': path, ...headers }, { endStream })
    input.on('error', () => {}) // whoever reads learns of it there
    if (!endStream) input.end(body)
    const [answered] = (await once(input, 'response')) as [IncomingHttpHeaders & { ':status'?: number }]
    return { status: answered[':status'] ?? 0, headers: answered, input: input as Readable }
  }
}

function prepare({ headers = {}, body }: HttpOptions): { headers: Record<string, string>; body: Buffer } {
  if (body === undefined) return { headers, body: Buffer.alloc(0) }
  if (typeof body === 'string') return { headers, body: Buffer.from(body) }
  if (body instanceof Uint8Array) return { headers, body: Buffer.from(body) }
  return { headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(JSON.stringify(body)) }
}

async function answer(status: number, headers: IncomingHttpHeaders, input: Readable): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  for await (const chunk of input) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return { status, headers, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function lines(status: number, headers: IncomingHttpHeaders, input: Readable): HttpStream {
  const source = splitLines(input)
  const line = async () => (await source.next()).value ?? undefined
  return {
    status,
    headers,
    line,
    event: async () => JSON.parse((await line()) ?? 'null'),
    close: () => input.destroy(),
  }
}

async function* splitLines(input: Readable): AsyncGenerator<string, undefined> {
  let rest = ''
  for await (const chunk of input) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  if (rest) yield rest
  return undefined
}
