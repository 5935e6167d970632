import { InputQueue } from '../../shared/protocol/input-queue.ts'
import type { Stream } from '../../shared/protocol/stream.ts'

/** The agent's end of a stream that keeps what is written to it. */
export class MemoryStream implements Stream {
  readonly written: { channel: number; data: Buffer }[] = []
  readonly ended: Promise<unknown>
  readonly input = new InputQueue<{ channel: number; data: Uint8Array }>({ taken: () => {}, left: () => {} })
  readonly #abort = new AbortController()
  #resolveEnded: (error: unknown) => void = () => {}

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  async write(channel: number, data: Uint8Array): Promise<void> {
    this.signal.throwIfAborted()
    this.written.push({ channel, data: Buffer.from(data) })
  }

  end(error?: unknown): void {
    this.#resolveEnded(error)
  }

  /** The other side writes. */
  send(channel: number, data: Uint8Array | string): void {
    this.input.push({ channel, data: Buffer.from(data) })
  }

  /** The other side closes its direction. */
  sendEnd(): void {
    this.input.finish()
  }

  /** The other side hangs up. */
  hangUp(): void {
    this.input.fail(new Error('the stream has ended'))
    this.#abort.abort(new Error('the stream has ended'))
  }

  /** All that was written, or on one channel only. */
  text(channel?: number): string {
    const wanted = this.written.filter((part) => channel === undefined || part.channel === channel)
    return Buffer.concat(wanted.map(({ data }) => data)).toString('utf8')
  }
}
