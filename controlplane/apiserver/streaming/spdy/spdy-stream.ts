import { InputQueue } from '../../../../shared/protocol/input-queue.ts'
import type { SpdyHeaders } from './header-block.ts'

/** What of a stream's data nobody has taken yet, before the whole connection has to wait: SPDY clients of Kubernetes know no flow control. */
const MOST_UNREAD_BYTES = 256 * 1024

/** The connection, as one stream uses it. */
export interface SpdyStreamPort {
  /** Resolves when the network has taken it. */
  data(data: Uint8Array, isFinal: boolean): Promise<void>
  reset(): void
  /** The stream is over in both directions. */
  release(): void
}

/** One stream that a client has opened. */
export class SpdyStream {
  readonly headers: SpdyHeaders
  readonly #port: SpdyStreamPort
  readonly #input: InputQueue<Uint8Array>
  readonly #lost = new AbortController()
  #unread = 0
  #makeRoom = () => {}
  #isInputOpen = true
  #isOutputOpen = true

  constructor(headers: SpdyHeaders, port: SpdyStreamPort) {
    this.headers = headers
    this.#port = port
    this.#input = new InputQueue({
      taken: (data) => this.#take(data.byteLength),
      left: () => this.reset(),
    })
  }

  /** What the client sends, for one reader. Throws where the stream was reset or the connection lost before its end. */
  get input(): AsyncIterable<Uint8Array> {
    return this.#input
  }

  /** Aborted when the client has reset the stream or gone. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** Resolves when there is room for more from the client. */
  async receive(data: Uint8Array, isFinal: boolean): Promise<void> {
    if (!this.#isInputOpen) return
    if (data.byteLength > 0) {
      this.#unread += data.byteLength
      this.#input.push(data)
    }
    if (isFinal) this.#finishInput()
    else if (this.#unread > MOST_UNREAD_BYTES) {
      await new Promise<void>((resolve) => {
        this.#makeRoom = resolve
      })
    }
  }

  async write(data: Uint8Array): Promise<void> {
    if (!this.#isOutputOpen) throw new Error('the stream has ended')
    await this.#port.data(data, false)
  }

  /** Nothing more will be written. */
  async end(): Promise<void> {
    if (!this.#isOutputOpen) return
    this.#isOutputOpen = false
    await this.#port.data(Buffer.alloc(0), true)
    this.#releaseIfOver()
  }

  /** Ends both directions at once. */
  reset(): void {
    if (!this.#isInputOpen && !this.#isOutputOpen) return
    this.#port.reset()
    this.lose(new Error('the stream was given up'))
  }

  /** It is over, and the client does not know or has said so itself. */
  lose(why: Error): void {
    this.#isOutputOpen = false
    this.#isInputOpen = false
    this.#input.fail(why)
    this.#makeRoom()
    this.#lost.abort(why)
    this.#port.release()
  }

  #finishInput(): void {
    this.#isInputOpen = false
    this.#input.finish()
    this.#releaseIfOver()
  }

  #releaseIfOver(): void {
    if (!this.#isInputOpen && !this.#isOutputOpen) this.#port.release()
  }

  #take(bytes: number): void {
    this.#unread -= bytes
    if (this.#unread <= MOST_UNREAD_BYTES) this.#makeRoom()
  }
}
