import type { WebSocket } from 'ws'
import type { Clock, Timer } from '../../../shared/clock.ts'
import { bytesOf } from '../../../shared/protocol/web-socket.ts'
import { ChannelInput } from './channel-input.ts'

/** What of a client's input nobody has taken yet, before the client has to wait. */
const MOST_UNREAD_BYTES = 256 * 1024
const CLOSE_TIMEOUT_MS = 5000
/** kubectl gives up a connection on which its pings are not answered for a minute. */
const REASSURE_MS = 10_000
/** In base64 a channel's number is a character: "0" is the first. */
const FIRST_CHARACTER = '0'.charCodeAt(0)

/**
 * Kubernetes' channels over a WebSocket: each message begins with the number of its channel. What comes on channels
 * that nobody has asked for is let go. Protocols that are named after base64 speak it, in both directions.
 */
export class ChannelSocket {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #isBase64: boolean
  readonly #receivers = new Map<number, (data: Buffer) => void>()
  readonly #atLoss: ((gone: Error) => void)[] = []
  #unread = 0
  #reassuring: Timer | undefined

  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket
    this.#clock = clock
    this.#isBase64 = socket.protocol.includes('base64')
    socket.on('message', (message) => this.#receive(bytesOf(message)))
    socket.on('error', () => {})
    socket.once('close', () => this.#lose())
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  /** What comes on a channel, a message each. */
  onMessage(channel: number, receive: (data: Buffer) => void): void {
    this.#receivers.set(channel, receive)
  }

  /** The same at the pace of a reader. The client waits while too much of all its input is not taken. */
  input(channel: number): ChannelInput {
    const input = new ChannelInput({ add: (bytes) => this.#add(bytes), subtract: (bytes) => this.#subtract(bytes) })
    this.onMessage(channel, (data) => input.receive(data))
    this.onGone((gone) => input.fail(gone))
    return input
  }

  /** The client has gone, or was hung up on. */
  onGone(callback: (gone: Error) => void): void {
    this.#atLoss.push(callback)
  }

  /** Resolves when the client has room for more; rejects when it has gone. */
  send(channel: number, data: Uint8Array): Promise<void> {
    const message = this.#isBase64 ? encodeBase64(channel, data) : Buffer.concat([Buffer.of(channel), data])
    return new Promise((resolve, reject) => {
      this.#socket.send(message, (error) => (error ? reject(error) : resolve()))
    })
  }

  close(): void {
    this.#receivers.clear()
    this.#resume()
    this.#socket.close(1000)
    const timer = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.terminate())
    this.#socket.once('close', () => timer.cancel())
  }

  #receive(message: Buffer): void {
    const [first] = message
    if (first === undefined) return
    const rest = message.subarray(1)
    if (this.#isBase64) this.#receivers.get(first - FIRST_CHARACTER)?.(Buffer.from(rest.toString(), 'base64'))
    else this.#receivers.get(first)?.(rest)
  }

  #add(bytes: number): void {
    this.#unread += bytes
    if (this.#unread > MOST_UNREAD_BYTES) this.#pause()
  }

  #subtract(bytes: number): void {
    this.#unread -= bytes
    if (this.#unread <= MOST_UNREAD_BYTES) this.#resume()
  }

  /** Who is made to wait is not heard, its pings included: it is told that all is well without having asked. */
  #pause(): void {
    if (this.#socket.isPaused) return
    this.#socket.pause()
    this.#reassuring = this.#clock.every(REASSURE_MS, () => this.#socket.pong())
  }

  #resume(): void {
    this.#reassuring?.cancel()
    if (this.#socket.isPaused) this.#socket.resume()
  }

  #lose(): void {
    this.#reassuring?.cancel()
    const gone = new Error('the client has gone')
    for (const callback of this.#atLoss) callback(gone)
  }
}

function encodeBase64(channel: number, data: Uint8Array): string {
  return String.fromCharCode(FIRST_CHARACTER + channel) + Buffer.from(data).toString('base64')
}
