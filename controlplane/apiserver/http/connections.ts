import type { Http2SecureServer, ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../../shared/clock.ts'
import type { HttpResponse } from './http-request.ts'
import { closeWhenIdle } from './idle-sessions.ts'
import { Strangers } from './strangers.ts'

/** Handshakes under way at a time; agents that all come back at once are many. */
const MOST_HANDSHAKES = 2_000

/** All that is connected: none of it for nothing, and all of it ends when the server closes. */
export class Connections {
  readonly #clock: Clock
  readonly #sockets = new Set<Duplex>()
  /** By peer, oldest first: connections that are not secure yet. */
  readonly #handshakes = new Map<string, Socket>()
  readonly #strangers: Strangers
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #responses = new Set<HttpResponse>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#strangers = new Strangers(clock)
  }

  follow(server: Http2SecureServer): void {
    // Before TLS: a handshake may be under way when the server closes.
    server.on('connection', (socket: Socket) => this.#greet(socket))
    server.on('secureConnection', (socket: TLSSocket) => this.#admit(socket))
    // Node waits for idle connections, and forgets upgraded ones, when it closes a server.
    server.on('session', (session) => {
      this.#sessions.add(session)
      session.once('close', () => this.#sessions.delete(session))
      session.on('error', () => {})
      closeWhenIdle(session, this.#clock)
    })
  }

  track(response: HttpResponse): void {
    this.#responses.add(response)
    response.once('close', () => this.#responses.delete(response))
  }

  /** Tells clients to send no more; resolves when all that is under way has been answered. */
  async finish(): Promise<void> {
    // Not by `once` of node:events, which rejects where a response fails; it closes all the same.
    const closed = [...this.#responses].map(
      (response) => new Promise<void>((resolve) => response.once('close', resolve)),
    )
    for (const session of this.#sessions) session.close()
    await Promise.all(closed)
  }

  destroy(): void {
    for (const session of this.#sessions) session.destroy()
    for (const socket of this.#sockets) socket.destroy()
  }

  #greet(socket: Socket): void {
    this.#sockets.add(socket)
    const peer = peerOf(socket)
    this.#handshakes.set(peer, socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#handshakes.get(peer) === socket) this.#handshakes.delete(peer)
    })
    const [oldest] = this.#handshakes.values()
    if (this.#handshakes.size > MOST_HANDSHAKES) oldest?.destroy()
  }

  #admit(socket: TLSSocket): void {
    this.#handshakes.delete(peerOf(socket))
    if (socket.authorized) return
    this.#strangers.add(socket)
    socket.once('close', () => this.#strangers.forget(socket))
  }
}

/** A TLS socket and the one beneath it have this in common. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
