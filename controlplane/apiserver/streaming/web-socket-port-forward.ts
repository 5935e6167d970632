import { ApiError } from '../../../shared/api/api-error.ts'
import type { ChannelInput } from './channel-input.ts'
import type { ChannelSocket } from './channel-socket.ts'
import type { PortClient, PortForwardTarget } from './port-client.ts'
import { relayPort } from './relay-port.ts'

/** In the order of preference. Who offers nothing at all speaks the first. */
export const PORT_PROTOCOLS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const

/** Each has two channels, and in base64 the number of a channel is one of 80 characters. */
const MOST_PORTS = 40

/**
 * Makes one connection to each port, and hangs up when all of them have ended. The channels of port i are 2i for data
 * and 2i + 1 for why there is none; the first message on both is the port, in two bytes, the lower one first.
 */
export async function forwardPorts(
  channels: ChannelSocket,
  ports: readonly number[],
  target: PortForwardTarget,
): Promise<void> {
  const clients = ports.map((port, index) => new WebSocketPort(channels, port, 2 * index))
  await Promise.all(clients.map((client) => relayPort(target, client)))
  channels.close()
}

/** As they are in the query, several to a value or not. @throws ApiError where they are none */
export function parsePorts(values: readonly string[]): number[] {
  const texts = values.flatMap((value) => value.split(','))
  if (texts.length === 0) throw ApiError.badRequest('query parameter "ports" is required')
  if (texts.length > MOST_PORTS) {
    throw ApiError.badRequest(`query parameter "ports" has ${texts.length} ports, must have at most ${MOST_PORTS}`)
  }
  return texts.map(parsePort)
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65535) return port
  throw ApiError.badRequest(
    `unable to parse ${JSON.stringify(text)} of query parameter "ports" as a port: must be between 1 and 65535, inclusive`,
  )
}

class WebSocketPort implements PortClient {
  readonly port: number
  readonly input: ChannelInput
  readonly #channels: ChannelSocket
  readonly #channel: number
  readonly #gone = new AbortController()

  constructor(channels: ChannelSocket, port: number, channel: number) {
    this.port = port
    this.#channels = channels
    this.#channel = channel
    this.input = channels.input(channel)
    channels.onGone((gone) => this.#gone.abort(gone))
    for (const each of [channel, channel + 1]) void channels.send(each, lowerByteFirst(port)).catch(() => {})
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  write(data: Uint8Array): Promise<void> {
    return this.#channels.send(this.#channel, data)
  }

  fail(message: string): Promise<void> {
    return this.#channels.send(this.#channel + 1, Buffer.from(message))
  }

  /** There is no word for the end of one channel: the client hears of it when all have ended. */
  async end(): Promise<void> {
    this.input.drop()
  }
}

function lowerByteFirst(port: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(port)
  return bytes
}
