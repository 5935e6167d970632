import type { RawData, WebSocket } from 'ws'
import type { Status } from '../../../shared/api/api-error.ts'
import type { Clock, Timer } from '../../../shared/clock.ts'
import type { TerminalSize } from '../../../shared/protocol/frames.ts'
import { InputQueue } from '../../../shared/protocol/input-queue.ts'
import { type CommandClient, type CommandStreams, parseTerminalSize } from './command-client.ts'

/** In the order of preference. Version 5 adds the closing of one channel, and so the end of stdin. */
export const COMMAND_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const

const STDIN = 0
const OUTPUTS = { stdout: 1, stderr: 2 } as const
const STATUS = 3
const RESIZE = 4
const CLOSE = 255

/** What of stdin nobody has taken yet, before the client has to wait. */
const MOST_UNREAD_BYTES = 256 * 1024
/** Sizes are told one after the other at the pace of a hand that drags a window. */
const MOST_SIZES = 100
const CLOSE_TIMEOUT_MS = 5000
/** kubectl gives up a connection on which its pings are not answered for a minute. */
const REASSURE_MS = 10_000

/** A client that speaks Kubernetes' channels over a WebSocket: each message begins with the number of its channel. */
export class WebSocketCommand implements CommandClient {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #stdin: InputQueue<Uint8Array>
  readonly #sizes: InputQueue<TerminalSize>
  readonly #gone = new AbortController()
  #unread = 0
  #reassuring: Timer | undefined
  #unreadSizes = 0

  /** `streams` must be those asked for: input on others is let go. */
  constructor(socket: WebSocket, clock: Clock, streams: CommandStreams) {
    this.#socket = socket
    this.#clock = clock
    this.#stdin = new InputQueue({ taken: (data) => this.#take(data.byteLength), left: () => this.#resume() })
    this.#sizes = new InputQueue({ taken: () => this.#unreadSizes--, left: () => {} })
    if (!streams.stdin) this.#stdin.finish()
    socket.on('message', (message) => this.#receive(bytesOf(message)))
    socket.on('error', () => {})
    socket.once('close', () => this.#lose())
    this.#greet(streams)
  }

  get stdin(): AsyncIterable<Uint8Array> {
    return this.#stdin
  }

  get sizes(): AsyncIterable<TerminalSize> {
    return this.#sizes
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  write(output: 'stdout' | 'stderr', data: Uint8Array): Promise<void> {
    return this.#send(OUTPUTS[output], data)
  }

  async finish(status: Status): Promise<void> {
    await this.#send(STATUS, Buffer.from(JSON.stringify(status)))
    this.#resume()
    this.#socket.close(1000)
    const timer = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.terminate())
    this.#socket.once('close', () => timer.cancel())
  }

  /** An empty message on the first output tells the client that all stands: some wait for it. */
  #greet({ stdout, stderr }: CommandStreams): void {
    const channel = stdout ? OUTPUTS.stdout : stderr ? OUTPUTS.stderr : STATUS
    void this.#send(channel, Buffer.alloc(0)).catch(() => {})
  }

  #receive(message: Buffer): void {
    const channel = message[0]
    const data = message.subarray(1)
    if (channel === STDIN) this.#receiveInput(data)
    else if (channel === RESIZE) this.#receiveSize(data)
    else if (channel === CLOSE && data[0] === STDIN && this.#socket.protocol === COMMAND_PROTOCOLS[0])
      this.#stdin.finish()
  }

  #receiveInput(data: Buffer): void {
    if (data.length === 0) return
    this.#unread += data.length
    this.#stdin.push(data)
    if (this.#unread > MOST_UNREAD_BYTES) this.#pause()
  }

  #receiveSize(data: Buffer): void {
    const size = parseTerminalSize(data.toString())
    if (!size || this.#unreadSizes >= MOST_SIZES) return
    this.#unreadSizes++
    this.#sizes.push(size)
  }

  #send(channel: number, data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(Buffer.concat([Buffer.of(channel), data]), (error) => (error ? reject(error) : resolve()))
    })
  }

  #take(bytes: number): void {
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
    const gone = new Error('the client has gone')
    this.#reassuring?.cancel()
    this.#stdin.fail(gone)
    this.#sizes.fail(gone)
    this.#gone.abort(gone)
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
