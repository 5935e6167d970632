import { errnoName } from '../../errno-name.ts'
import { type ContainerProcess, RuntimeFailure } from '../../runtime.ts'
import { type DatagramSocket, SocketFailure, type SocketRelay, type StreamListener } from '../../socket-relay.ts'
import { ADDRESS_BYTES, EVENTS, FIRST_CONNECTION } from '../programs/socket-protocol.ts'
import { AWAITED, encodeCommand, encodeSend, type RelayFrame } from './relay-frames.ts'
import {
  RelayedDatagrams,
  RelayedListener,
  type RelayedSocket,
  RelayedStream,
  type SocketLink,
} from './relayed-sockets.ts'
import { AF_INET, AF_INET6, decodeAddress, encodeAddress } from './socket-addresses.ts'

const AF_NETLINK = 16
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const SOCK_RAW = 3
const NONBLOCK_CLOEXEC = 0x80800
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
const SOL_NETLINK = 270
const NETLINK_ADD_MEMBERSHIP = 1
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
/** A transaction is one message; its answers are all written before the first is read. */
const NETLINK_BUFFER_BYTES = 4 * 1024 * 1024
const UDP_BUFFER_BYTES = 1024 * 1024
/** What a connection can be told at once. */
const STREAM_BUFFER_BYTES = 256 * 1024

const ENOTCONN = 107

type Step = [command: 'open' | 'setOption' | 'bind' | 'listen', body: Buffer]

/** The sockets of one relay, whose frames come and go through `process`. */
export class RelayClient implements SocketRelay {
  readonly closed: Promise<void>
  readonly #process: Pick<ContainerProcess, 'write' | 'close'>
  readonly #sockets = new Map<number, RelayedSocket>()
  /** Those that are not free, among them some that are only being closed. */
  readonly #numbers = new Set<number>()
  readonly #answers: ((result: number) => void)[] = []
  #ended: () => void = () => {}
  #isClosed = false

  constructor(process: Pick<ContainerProcess, 'write' | 'close'>) {
    this.#process = process
    this.closed = new Promise((resolve) => {
      this.#ended = resolve
    })
  }

  async netlink(protocol: number, groups: readonly number[] = []): Promise<DatagramSocket> {
    const number = await this.#open(`a netlink socket of protocol ${protocol}`, [
      ['open', words(AF_NETLINK, SOCK_RAW | NONBLOCK_CLOEXEC, protocol)],
      ['setOption', words(SOL_SOCKET, SO_SNDBUFFORCE, NETLINK_BUFFER_BYTES)],
      ['setOption', words(SOL_SOCKET, SO_RCVBUFFORCE, NETLINK_BUFFER_BYTES)],
      ['setOption', words(SOL_NETLINK, NETLINK_CAP_ACK, 1)],
      ['setOption', words(SOL_NETLINK, NETLINK_EXT_ACK, 1)],
      ['bind', words(AF_NETLINK, 0, 0)],
      ...groups.map((group): Step => ['setOption', words(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)]),
    ])
    return this.#keep(number, new RelayedDatagrams(this.#linkOf(number)))
  }

  async udp(address: string, port: number): Promise<DatagramSocket> {
    const number = await this.#open(`UDP port ${port} of ${address}`, [
      ...openSteps(address, SOCK_DGRAM),
      ['setOption', words(SOL_SOCKET, SO_RCVBUFFORCE, UDP_BUFFER_BYTES)],
      ['bind', encodeAddress({ address, port })],
    ])
    return this.#keep(number, new RelayedDatagrams(this.#linkOf(number)))
  }

  async tcp(address: string, port: number): Promise<StreamListener> {
    const number = await this.#open(`TCP port ${port} of ${address}`, [
      ...openSteps(address, SOCK_STREAM),
      ['setOption', words(SOL_SOCKET, SO_REUSEADDR, 1)],
      ['setOption', words(SOL_SOCKET, SO_SNDBUFFORCE, STREAM_BUFFER_BYTES)],
      ['bind', encodeAddress({ address, port })],
      ['listen', Buffer.alloc(0)],
    ])
    return this.#keep(number, new RelayedListener(this.#linkOf(number)))
  }

  /** The relay closes what was open: else it would go on to take what nobody gets. */
  close(): void {
    if (this.#isClosed) return
    const parting = encodeCommand('reset', 0, Buffer.alloc(0))
    const said = this.#process.write(parting).catch(() => {})
    this.#end()
    void said.then(() => this.#process.close())
  }

  /** The relay has gone, or is another user's. */
  lost(): void {
    if (this.#isClosed) return
    this.#end()
    this.#process.close()
  }

  /** A frame that came. */
  take(frame: RelayFrame): void {
    const { kind, socket, extra, body } = frame
    if (kind === EVENTS.received) {
      const from = extra > 0 ? decodeAddress(body) : undefined
      this.#sockets.get(socket)?.received(body.subarray(ADDRESS_BYTES), from)
    } else if (kind === EVENTS.result && extra === AWAITED) {
      this.#answers.shift()?.(resultOf(body))
    } else if (kind === EVENTS.result || kind === EVENTS.failed) {
      const doing = kind === EVENTS.result ? 'sending' : 'receiving'
      this.#sockets.get(socket)?.failed(new SocketFailure(errnoName(-resultOf(body)), doing))
    } else if (kind === EVENTS.accepted) {
      this.#accept(socket, extra, body)
    } else if (kind === EVENTS.reset) {
      this.lost()
    }
  }

  #end(): void {
    this.#isClosed = true
    for (const socket of this.#sockets.values()) socket.ended()
    this.#sockets.clear()
    for (const answer of this.#answers.splice(0)) answer(-ENOTCONN)
    this.#ended()
  }

  #accept(listener: number, number: number, address: Buffer): void {
    const from = decodeAddress(address) ?? { address: '', port: 0 }
    const connection = this.#keep(number, new RelayedStream(this.#linkOf(number), from))
    const found = this.#sockets.get(listener)
    if (found instanceof RelayedListener) found.accepted(connection)
    else connection.close()
  }

  /** All at once: the relay takes them in order. */
  async #open(what: string, steps: readonly Step[]): Promise<number> {
    const number = this.#freeNumber()
    const results = await Promise.all(steps.map(([command, body]) => this.#command(command, number, body)))
    const failed = results.find((result) => result < 0)
    if (failed === undefined) return number
    this.#release(number)
    if (this.#isClosed) throw new RuntimeFailure('unavailable', 'the socket relay is closed')
    throw new SocketFailure(errnoName(-failed), what)
  }

  /** One that was opened just before the relay ended has ended with it. */
  #keep<T extends RelayedSocket>(number: number, socket: T): T {
    if (this.#isClosed) socket.ended()
    else this.#sockets.set(number, socket)
    return socket
  }

  #linkOf(number: number): SocketLink {
    return {
      send: (data, to) => this.#process.write(encodeSend(number, data, to && encodeAddress(to))),
      close: () => this.#release(number),
    }
  }

  /** The number is another's when the relay has said that this one is closed: what came before that is nobody's. */
  #release(number: number): void {
    this.#sockets.delete(number)
    void this.#command('close', number, Buffer.alloc(0)).then(() => this.#numbers.delete(number))
  }

  #command(command: Step[0] | 'close', number: number, body: Buffer): Promise<number> {
    if (this.#isClosed) return Promise.resolve(-ENOTCONN)
    return new Promise((resolve) => {
      this.#answers.push(resolve)
      this.#process.write(encodeCommand(command, number, body)).catch(() => this.lost())
    })
  }

  #freeNumber(): number {
    for (let number = 0; number < FIRST_CONNECTION; number++) {
      if (this.#numbers.has(number)) continue
      this.#numbers.add(number)
      return number
    }
    throw new RuntimeFailure('conflict', `a socket relay has no more than ${FIRST_CONNECTION} sockets`)
  }
}

function openSteps(address: string, type: number): Step[] {
  const isIpv6 = address.includes(':')
  return [
    ['open', words(isIpv6 ? AF_INET6 : AF_INET, type | NONBLOCK_CLOEXEC, 0)],
    ...(isIpv6 ? [['setOption', words(IPPROTO_IPV6, IPV6_V6ONLY, 1)] as Step] : []),
  ]
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, index * 4)
  })
  return bytes
}

function resultOf(body: Buffer): number {
  return Number(body.readBigInt64LE(0))
}
