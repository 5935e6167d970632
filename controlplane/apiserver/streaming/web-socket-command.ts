import type { Status } from '../../../shared/api/api-error.ts'
import type { TerminalSize } from '../../../shared/protocol/frames.ts'
import { InputQueue } from '../../../shared/protocol/input-queue.ts'
import type { ChannelInput } from './channel-input.ts'
import type { ChannelSocket } from './channel-socket.ts'
import { type CommandClient, type CommandStreams, parseTerminalSize } from './command-client.ts'

/** In the order of preference. Version 5 adds the closing of one channel, and so the end of stdin. */
export const COMMAND_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const

const STDIN = 0
const OUTPUTS = { stdout: 1, stderr: 2 } as const
const STATUS = 3
const RESIZE = 4
const CLOSE = 255

/** Sizes are told one after the other at the pace of a hand that drags a window. */
const MOST_SIZES = 100

/** A client that speaks Kubernetes' channels over a WebSocket. */
export class WebSocketCommand implements CommandClient {
  readonly #channels: ChannelSocket
  readonly #stdin: ChannelInput
  readonly #sizes: InputQueue<TerminalSize>
  readonly #gone = new AbortController()
  #unreadSizes = 0

  /** `streams` must be those asked for: input on others is let go. */
  constructor(channels: ChannelSocket, streams: CommandStreams) {
    this.#channels = channels
    this.#stdin = channels.input(STDIN)
    this.#sizes = new InputQueue({ taken: () => this.#unreadSizes--, left: () => {} })
    if (!streams.stdin) this.#stdin.finish()
    channels.onMessage(RESIZE, (data) => this.#receiveSize(data))
    if (channels.protocol === COMMAND_PROTOCOLS[0]) channels.onMessage(CLOSE, ([channel]) => this.#endInput(channel))
    channels.onGone((gone) => {
      this.#sizes.fail(gone)
      this.#gone.abort(gone)
    })
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
    return this.#channels.send(OUTPUTS[output], data)
  }

  async finish(status: Status): Promise<void> {
    await this.#channels.send(STATUS, Buffer.from(JSON.stringify(status)))
    this.#channels.close()
  }

  /** An empty message on the first output tells the client that all stands: some wait for it. */
  #greet({ stdout, stderr }: CommandStreams): void {
    const channel = stdout ? OUTPUTS.stdout : stderr ? OUTPUTS.stderr : STATUS
    void this.#channels.send(channel, Buffer.alloc(0)).catch(() => {})
  }

  #endInput(channel: number | undefined): void {
    if (channel === STDIN) this.#stdin.finish()
  }

  #receiveSize(data: Buffer): void {
    const size = parseTerminalSize(data.toString())
    if (!size || this.#unreadSizes >= MOST_SIZES) return
    this.#unreadSizes++
    this.#sizes.push(size)
  }
}
