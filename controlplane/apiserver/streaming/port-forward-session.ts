import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../../../shared/clock.ts'
import { PORT_CHANNELS } from '../../../shared/protocol/command-channels.ts'
import type { Stream } from '../../../shared/protocol/stream.ts'
import { SpdyConnection } from './spdy/spdy-connection.ts'
import type { SpdyStream } from './spdy/spdy-stream.ts'

/** Opens a connection to a port of the Pod. */
export type OpenPort = (port: number, signal: AbortSignal) => Promise<Stream>

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
  readonly #open: OpenPort
  readonly #waiting = new Map<string, Pair>()

  constructor(socket: Duplex, clock: Clock, open: OpenPort) {
    this.#clock = clock
    this.#open = open
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
    void forward(this.#open, port, pair.data, pair.error)
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
async function forward(open: OpenPort, port: number, data: SpdyStream, error: SpdyStream): Promise<void> {
  try {
    const stream = await open(port, data.signal)
    void passToPod(data, stream)
    for await (const { channel, data: bytes } of stream.input) {
      if (channel === PORT_CHANNELS.fromPod) await data.write(bytes)
    }
  } catch (why) {
    const message = why instanceof Error ? why.message : String(why)
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
