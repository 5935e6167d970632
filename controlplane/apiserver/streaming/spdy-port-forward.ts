import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../../../shared/clock.ts'
import type { PortClient, PortForwardTarget } from './port-client.ts'
import { relayPort } from './relay-port.ts'
import { SpdyConnection } from './spdy/spdy-connection.ts'
import type { SpdyStream } from './spdy/spdy-stream.ts'

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
export class SpdyPortForward {
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
    void relayPort(this.#target, new SpdyPort(port, pair.data, pair.error))
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

class SpdyPort implements PortClient {
  readonly port: number
  readonly #data: SpdyStream
  readonly #error: SpdyStream

  constructor(port: number, data: SpdyStream, error: SpdyStream) {
    this.port = port
    this.#data = data
    this.#error = error
  }

  get input(): AsyncIterable<Uint8Array> {
    return this.#data.input
  }

  get signal(): AbortSignal {
    return this.#data.signal
  }

  write(data: Uint8Array): Promise<void> {
    return this.#data.write(data)
  }

  fail(message: string): Promise<void> {
    return this.#error.write(Buffer.from(message))
  }

  async end(): Promise<void> {
    await Promise.allSettled([this.#data.end(), this.#error.end()])
  }
}
