import type { IncomingMessage } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { sleep } from '../../shared/clock.ts'
import { createDispatcher } from './dispatcher.ts'
import { Connections } from './http/connections.ts'
import type { HttpRequest, HttpResponse } from './http/http-request.ts'
import { RefusalLog } from './refusal-log.ts'
import type { ApiServerOptions, TlsOptions } from './server-options.ts'
import { serveUpgrade } from './upgrade.ts'

export interface ApiServer {
  /** Resolves to the port once connections are accepted; port 0 takes a free one. */
  listen(host: string, port: number): Promise<number>
  /** New connections get this certificate; those that stand keep theirs. */
  setTls(tls: TlsOptions): void
  /** Ends watches and log streams, lets other requests finish for a moment, then breaks off whatever is left. */
  close(): Promise<void>
}

/** How long requests under way may take when the server closes. */
const CLOSING_GRACE_MS = 2_000
const HANDSHAKE_MS = 10_000
const MOST_STREAMS_PER_CONNECTION = 1_000
/** MiB that one connection's streams may hold between them; Node's 10 are few for clients that watch everything. */
const MOST_SESSION_MEMORY = 64

/** The Kubernetes API over TLS: HTTP/2 and HTTP/1.1 on one port. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const closing = new AbortController()
  const refusals = new RefusalLog(options)
  const dispatch = createDispatcher(options, refusals, closing.signal)
  const connections = new Connections(options.clock)
  const server = createSecureServer({
    ...contextOf(options.tls),
    allowHTTP1: true,
    requestCert: true,
    // Who has no certificate may have a token; who has neither gets 401.
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS,
    maxSessionMemory: MOST_SESSION_MEMORY,
    settings: { maxConcurrentStreams: MOST_STREAMS_PER_CONNECTION },
  })
  const { admits } = options
  // Before TLS and all else.
  if (admits) server.prependListener('connection', (socket: Socket) => void (admits(socket) || socket.destroy()))
  connections.follow(server)
  server.on('request', (request: HttpRequest, response: HttpResponse) => {
    connections.track(response)
    void dispatch(request, response)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void serveUpgrade(options, refusals, request, socket, head)
  })
  server.on('tlsClientError', (error) => options.log.debug({ err: error }, 'TLS handshake failed'))
  return {
    async listen(host, port) {
      const taken = await listen(server, host, port)
      // Such as no memory left for a connection: there may be for the next. Node sees to want of files itself.
      server.on('error', (error) => options.log.warn({ err: error }, 'connection not accepted'))
      return taken
    },
    setTls: (tls) => server.setSecureContext(contextOf(tls)),
    async close() {
      closing.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const waiting = new AbortController()
      const grace = sleep(options.clock, CLOSING_GRACE_MS, waiting.signal).catch(() => {})
      await Promise.race([connections.finish(), grace])
      waiting.abort()
      connections.destroy()
      await closed
    },
  }
}

function contextOf({ cert, key, ca }: TlsOptions) {
  return { cert, key, ca: typeof ca === 'string' ? ca : [...ca], minVersion: 'TLSv1.2' as const }
}

function listen(server: Http2SecureServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}
