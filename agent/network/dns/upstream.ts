import { createSocket, type Socket } from 'node:dgram'
import { connect } from 'node:net'
import type { Clock } from '../../../shared/clock.ts'
import type { Random } from '../../../shared/random.ts'

export type Transport = 'udp' | 'tcp'

export interface UpstreamServer {
  address: string
  port: number
}

/** Asks a server of names outside the cluster. */
export type Exchange = (
  query: Buffer,
  server: UpstreamServer,
  transport: Transport,
  signal: AbortSignal,
) => Promise<Buffer>

export interface UpstreamOptions {
  servers: () => Promise<readonly UpstreamServer[]>
  exchange: Exchange
  clock: Clock
  random: Random
}

/** A resolver gives up after five seconds: it shall hear of it before. */
const TRY_MS = 1500
const MOST_TRIES = 3
/** More at a time are refused: those who wait take memory. */
const MOST_QUERIES = 512

/** The servers that the machine itself asks. Those that did not answer lately are asked last. */
export class Upstream {
  readonly #options: UpstreamOptions
  readonly #failedAtMs = new Map<string, number>()
  #underWay = 0

  constructor(options: UpstreamOptions) {
    this.#options = options
  }

  /** The answer as it came, with the query's own number; undefined where no server gives one. Never rejects. */
  async ask(query: Buffer, transport: Transport): Promise<Buffer | undefined> {
    if (this.#underWay >= MOST_QUERIES) return undefined
    this.#underWay++
    try {
      return await this.#askInTurn(query, transport)
    } finally {
      this.#underWay--
    }
  }

  async #askInTurn(query: Buffer, transport: Transport): Promise<Buffer | undefined> {
    const servers = this.#inOrder(await this.#options.servers())
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const server = servers[tries % Math.max(1, servers.length)]
      if (!server) return undefined
      const answer = await this.#try(query, server, transport)
      if (answer) return answer
      // One that refused at once would do so again.
      if (servers.length === 1 && tries > 0) return undefined
    }
    return undefined
  }

  async #try(query: Buffer, server: UpstreamServer, transport: Transport): Promise<Buffer | undefined> {
    const { clock, exchange, random } = this.#options
    const aborter = new AbortController()
    const timer = clock.after(TRY_MS, () => aborter.abort(new Error('no answer in time')))
    const numbered = Buffer.from(query)
    numbered.set(random.bytes(2), 0)
    try {
      const answer = await exchange(numbered, server, transport, aborter.signal)
      this.#failedAtMs.delete(server.address)
      query.copy(answer, 0, 0, 2)
      return answer
    } catch {
      this.#failedAtMs.set(server.address, clock.monotonic())
      return undefined
    } finally {
      timer.cancel()
    }
  }

  #inOrder(servers: readonly UpstreamServer[]): UpstreamServer[] {
    const failedAt = ({ address }: UpstreamServer) => this.#failedAtMs.get(address) ?? Number.NEGATIVE_INFINITY
    return [...servers].sort((one, other) => (failedAt(one) === failedAt(other) ? 0 : failedAt(one) - failedAt(other)))
  }
}

/** Over the network: from a port of its own each time, so that answers are hard to forge. */
export const networkExchange: Exchange = (query, server, transport, signal) =>
  transport === 'udp' ? overUdp(query, server, signal) : overTcp(query, server, signal)

function overUdp(query: Buffer, { address, port }: UpstreamServer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket: Socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', signal })
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', abort)
      closeQuietly(socket)
      reject(error)
    }
    const abort = () => fail(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    socket.on('error', fail)
    socket.on('message', (answer) => {
      if (!answersTo(query, answer)) return
      signal.removeEventListener('abort', abort)
      closeQuietly(socket)
      resolve(answer)
    })
    // Connected: only this server's datagrams come, and a refusal is an error.
    socket.connect(port, address, () => socket.send(query))
  })
}

function closeQuietly(socket: Socket): void {
  try {
    socket.close()
  } catch {
    // It was closed already.
  }
}

function overTcp(query: Buffer, { address, port }: UpstreamServer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal })
    let received = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection')))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      const answer = received.subarray(2, 2 + received.readUInt16BE(0))
      if (answersTo(query, answer)) resolve(Buffer.from(answer))
      else reject(new Error('an answer to another question'))
      socket.destroy()
    })
    socket.write(withLength(query))
  })
}

/** As TCP has messages. */
export function withLength(message: Uint8Array): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

function answersTo(query: Buffer, answer: Buffer): boolean {
  const isResponse = answer.length >= 12 && (answer.readUInt8(2) & 0x80) !== 0
  return isResponse && answer.readUInt16BE(0) === query.readUInt16BE(0)
}
