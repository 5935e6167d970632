import type { Stream } from '../../shared/protocol/stream.ts'

/** The agent's end of a stream that keeps what is written to it. */
export class MemoryStream implements Stream {
  readonly written: { channel: number; data: Buffer }[] = []
  readonly ended: Promise<unknown>
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

  get input(): AsyncIterable<{ channel: number; data: Uint8Array }> {
    return (async function* () {})()
  }

  async write(channel: number, data: Uint8Array): Promise<void> {
    this.signal.throwIfAborted()
    this.written.push({ channel, data: Buffer.from(data) })
  }

  end(error?: unknown): void {
    this.#resolveEnded(error)
  }

  /** The other side hangs up. */
  hangUp(): void {
    this.#abort.abort(new Error('the stream has ended'))
  }

  text(): string {
    return Buffer.concat(this.written.map(({ data }) => data)).toString('utf8')
  }
}
