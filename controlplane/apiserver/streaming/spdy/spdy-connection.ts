import type { Duplex } from 'node:stream'
import type { Clock } from '../../../../shared/clock.ts'
import { emptyHeaderBlock, HeaderReader } from './header-block.ts'
import {
  dataFrame,
  goAwayFrame,
  pingFrame,
  readFrames,
  resetFrame,
  type SpdyFrame,
  synReplyFrame,
} from './spdy-frames.ts'
import { SpdyStream } from './spdy-stream.ts'

/** What one client may have open. */
const MOST_STREAMS = 1000
/** How long a client has to hang up once it was told that all is said. */
const CLOSE_TIMEOUT_MS = 5000

/**
 * The server's side of SPDY/3.1 as Kubernetes' clients speak it: they open streams, each is answered, both sides
 * write. A client that does not keep to the protocol is sent away. Everything ends with `socket`.
 */
export class SpdyConnection {
  readonly #socket: Duplex
  readonly #clock: Clock
  readonly #onStream: (stream: SpdyStream) => void
  readonly #headers = new HeaderReader()
  readonly #streams = new Map<number, SpdyStream>()
  #newest = 0
  #isClosing = false

  /** `onStream` is called for each stream that the client opens, in the turn in which it does. */
  constructor(socket: Duplex, clock: Clock, onStream: (stream: SpdyStream) => void) {
    this.#socket = socket
    this.#clock = clock
    this.#onStream = onStream
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#lose())
    void this.#run()
  }

  /** Says goodbye; what was written before still goes out. */
  close(): void {
    this.#goAway(0)
  }

  async #run(): Promise<void> {
    try {
      for await (const frame of readFrames(this.#socket)) await this.#receive(frame)
      this.#socket.end()
    } catch {
      this.#goAway(1)
    }
    this.#lose()
  }

  async #receive(frame: SpdyFrame): Promise<void> {
    switch (frame.type) {
      case 'synStream':
        return this.#open(frame)
      case 'headers':
        await this.#headers.read(frame.block)
        return this.#streams.get(frame.stream)?.receive(Buffer.alloc(0), frame.isFinal)
      case 'data':
        return this.#streams.get(frame.stream)?.receive(frame.data, frame.isFinal)
      case 'reset':
        return this.#streams.get(frame.stream)?.lose(new Error('the client has reset the stream'))
      case 'ping':
        // The client's are odd; an even one would be the answer to one of ours.
        return frame.id % 2 === 1 ? this.#write(pingFrame(frame.id)) : undefined
      case 'goAway':
      case 'other':
        return
    }
  }

  async #open({ stream: number, block, isFinal }: SpdyFrame & { type: 'synStream' }): Promise<void> {
    const headers = await this.#headers.read(block)
    if (number <= this.#newest || number % 2 === 0) throw new Error(`stream ${number} after ${this.#newest}`)
    const isFirst = this.#newest === 0
    this.#newest = number
    if (this.#streams.size >= MOST_STREAMS && !isFirst) return this.#write(resetFrame(number, 3))
    const stream = new SpdyStream(headers, {
      data: (data, isFinal) => this.#write(dataFrame(number, data, isFinal)),
      reset: () => this.#send(resetFrame(number, 5)),
      release: () => this.#streams.delete(number),
    })
    this.#streams.set(number, stream)
    const answered = this.#write(synReplyFrame(number, emptyHeaderBlock(isFirst)))
    this.#onStream(stream)
    await answered
    await stream.receive(Buffer.alloc(0), isFinal)
  }

  /** Resolves when the network has taken it. What a client makes us say is waited for, so that it cannot pile up. */
  #write(frame: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(frame, (error) => (error ? reject(error) : resolve()))
    })
  }

  #send(frame: Buffer): void {
    if (this.#socket.writable) this.#socket.write(frame, () => {})
  }

  #goAway(status: 0 | 1): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#send(goAwayFrame(this.#newest, status))
    this.#socket.end()
    const timer = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.destroy())
    this.#socket.once('close', () => timer.cancel())
  }

  #lose(): void {
    this.#headers.close()
    for (const stream of [...this.#streams.values()]) stream.lose(new Error('the client has gone'))
  }
}
