import type { Clock } from '../../../shared/clock.ts'
import { DNS_PORT } from '../../../shared/dns-service.ts'
import type { Logger } from '../../../shared/log.ts'
import type { DatagramSocket, RelayedConnection, SocketRelay, StreamListener } from '../../runtime/socket-relay.ts'
import type { DnsServer } from './dns-server.ts'
import { withLength } from './upstream.ts'

/** Who says nothing for so long has his connection closed. */
const IDLE_MS = 10_000
/** More at a time from one connection wait unread. */
const MOST_UNDER_WAY = 16

export interface DnsListenerOptions {
  server: DnsServer
  clock: Clock
  log: Logger
}

/** Serves DNS over sockets of another network namespace, UDP and TCP. */
export class DnsListener {
  readonly #options: DnsListenerOptions

  constructor(options: DnsListenerOptions) {
    this.#options = options
  }

  /** Resolves once it listens at this address; it ends with the relay. Rejects where it cannot listen. */
  async serve(relay: SocketRelay, address: string): Promise<void> {
    const [datagrams, connections] = await Promise.all([relay.udp(address, DNS_PORT), relay.tcp(address, DNS_PORT)])
    this.#serveDatagrams(datagrams)
    this.#serveConnections(connections)
  }

  #serveDatagrams(socket: DatagramSocket): void {
    const { server, log } = this.#options
    socket.onMessage((message, from) => {
      const answering = server.answer(message, 'udp').then((answer) => answer && socket.send(answer, from))
      answering.catch((err: unknown) => log.debug({ err }, 'an answer could not be sent'))
    })
    // Who asked has gone, or asks again.
    socket.onFailure((err) => log.debug({ err }, 'a datagram was lost'))
  }

  #serveConnections(listener: StreamListener): void {
    listener.onConnection((connection) => {
      this.#serveConnection(connection)
        .catch((err: unknown) => this.#options.log.debug({ err }, 'a DNS connection has ended'))
        .finally(() => connection.close())
    })
  }

  async #serveConnection(connection: RelayedConnection): Promise<void> {
    const { clock, server } = this.#options
    const underWay = new Set<Promise<void>>()
    let unread = Buffer.alloc(0)
    let idle = clock.after(IDLE_MS, () => connection.close())
    try {
      for await (const chunk of connection.input) {
        idle.cancel()
        idle = clock.after(IDLE_MS, () => connection.close())
        unread = Buffer.concat([unread, chunk])
        for (let message = firstMessage(unread); message; message = firstMessage(unread)) {
          unread = unread.subarray(2 + message.length)
          if (underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay)
          const answering = this.#answerOver(connection, server, Buffer.from(message)).finally(() =>
            underWay.delete(answering),
          )
          underWay.add(answering)
        }
      }
    } finally {
      idle.cancel()
    }
    await Promise.all(underWay)
  }

  async #answerOver(connection: RelayedConnection, server: DnsServer, message: Buffer): Promise<void> {
    const answer = await server.answer(message, 'tcp')
    // A peer that has gone is told nothing.
    if (answer) await connection.write(withLength(answer)).catch(() => undefined)
  }
}

function firstMessage(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 2) return undefined
  const end = 2 + bytes.readUInt16BE(0)
  return bytes.length < end ? undefined : bytes.subarray(2, end)
}
