import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../../../shared/clock.ts'
import { PORT_CHANNELS } from '../../../shared/protocol/command-channels.ts'
import type { Stream } from '../../../shared/protocol/stream.ts'
import { SpdyConnection } from './spdy/spdy-connection.ts'
import type { SpdyStream } from './spdy/spdy-stream.ts'

/** Whose ports are forwarded. */
export interface PortForwardTarget {
  /** Opens a connection. */
  open(port: number, signal: AbortSignal): Promise<Stream>
  /** What the user is told of a connection that failed. */
  failure(port: number, why: string): string
}

interface Pair {
  port: number
  error?: SpdyStream
  data?: SpdyStream
  timer: Timer
}

/** How long a client may take to open the second stream of a pair. */
const PAIR_TIMEOUT_MS = 30_000

/**
 * Serves the connections of one `kubectl port-forward`: for each the client opens two streams with the same
 * `requestid`, one for the data and one on which it learns why there is none.
 */
export class PortForwardSession {
  readonly #clock: Clock
  readonly #target: PortForwardTarget
  readonly #waiting = new Map<string, Pair>()

  constructor(socket: Duplex, clock: Clock, target: PortForwardTarget) {
    this.#clock = clock
    this.#target = target
    new SpdyConnection(socket, clock, (stream) => this.#add(stream))
    socket.once('close', () => {
      for (const id of [...this.#waiting.keys()]) this.#take(id)
    })
  }

  #add(stream: SpdyStream): void {
    const { streamtype: type, requestid: id = '', port: text = '' } = stream.headers
    const port = portOf(text)
    const pair = port === undefined ? undefined : (this.#waiting.get(id) ?? this.#begin(id, port))
    if (!pair || pair.port !== port || (type !== 'error' && type !== 'data') || pair[type]) {
      stream.reset()
      return
    }
    pair[type] = stream
    if (!pair.data || !pair.error) return
    this.#take(id)
    void forward(this.#target, port, pair.data, pair.error)
  }

  #begin(id: string, port: number): Pair {
    const timer = this.#clock.after(PAIR_TIMEOUT_MS, () => {
      const pair = this.#take(id)
      pair?.data?.reset()
      pair?.error?.reset()
    })
    const pair = { port, timer }
    this.#waiting.set(id, pair)
    return pair
  }

  #take(id: string): Pair | undefined {
    const pair = this.#waiting.get(id)
    pair?.timer.cancel()
    this.#waiting.delete(id)
    return pair
  }
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65535 ? port : undefined
}

/** One connection, from both sides' first byte to their last. Never rejects. */
async function forward(target: PortForwardTarget, port: number, data: SpdyStream, error: SpdyStream): Promise<void> {
  try {
    const stream = await target.open(port, data.signal)
    void passToPod(data, stream)
    for await (const { channel, data: bytes } of stream.input) {
      if (channel === PORT_CHANNELS.fromPod) await data.write(bytes)
    }
  } catch (why) {
    const message = target.failure(port, why instanceof Error ? why.message : String(why))
    await error.write(Buffer.from(message)).catch(() => {})
  }
  await data.end().catch(() => {})
  await error.end().catch(() => {})
}

async function passToPod(data: SpdyStream, stream: Stream): Promise<void> {
  try {
    for await (const bytes of data.input) await stream.write(PORT_CHANNELS.toPod, bytes)
    stream.end()
  } catch (error) {
    stream.end(error)
  }
}
