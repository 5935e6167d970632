import type { Duplex } from 'node:stream'
import type { Status } from '../../../shared/api/api-error.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { TerminalSize } from '../../../shared/protocol/frames.ts'
import { type CommandClient, type CommandStreams, parseTerminalSize } from './command-client.ts'
import { SpdyConnection } from './spdy/spdy-connection.ts'
import type { SpdyStream } from './spdy/spdy-stream.ts'

/** The protocol of SPDY clients since 1.5: sizes, and a Status as the last word. */
export const SPDY_COMMAND_PROTOCOL = 'v4.channel.k8s.io'

type StreamName = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize'

/** How long a client may take to open its streams. */
const STREAMS_TIMEOUT_MS = 30_000
const LONGEST_SIZE = 1024

/** Resolves when the client has opened the streams that it asked for; rejects, and hangs up, where it does not. */
export function acceptSpdyCommand(socket: Duplex, clock: Clock, streams: CommandStreams): Promise<CommandClient> {
  const expected = expectedStreams(streams)
  const opened = new Map<StreamName, SpdyStream>()
  return new Promise((resolve, reject) => {
    const giveUp = (why: string) => {
      reject(new Error(why))
      connection.close()
    }
    const timer = clock.after(STREAMS_TIMEOUT_MS, () => giveUp('timed out waiting for the client to create streams'))
    socket.once('close', () => {
      timer.cancel()
      reject(new Error('the client has gone'))
    })
    const connection = new SpdyConnection(socket, clock, (stream) => {
      const name = stream.headers.streamtype as StreamName
      if (!expected.includes(name) || opened.has(name)) return stream.reset()
      opened.set(name, stream)
      if (opened.size < expected.length) return
      timer.cancel()
      resolve(new SpdyCommand(socket, connection, opened))
    })
  })
}

function expectedStreams({ stdin, stdout, stderr, tty }: CommandStreams): StreamName[] {
  const optional = { stdin, stdout, stderr: stderr && !tty, resize: tty }
  const names = Object.entries(optional).filter(([, isWanted]) => isWanted)
  return ['error', ...names.map(([name]) => name as StreamName)]
}

class SpdyCommand implements CommandClient {
  readonly #connection: SpdyConnection
  readonly #streams: ReadonlyMap<StreamName, SpdyStream>
  readonly #gone = new AbortController()

  constructor(socket: Duplex, connection: SpdyConnection, streams: ReadonlyMap<StreamName, SpdyStream>) {
    this.#connection = connection
    this.#streams = streams
    socket.once('close', () => this.#gone.abort(new Error('the client has gone')))
  }

  get stdin(): AsyncIterable<Uint8Array> {
    return this.#streams.get('stdin')?.input ?? NOTHING
  }

  get sizes(): AsyncIterable<TerminalSize> {
    return sizesOf(this.#streams.get('resize')?.input ?? NOTHING)
  }

  get signal(): AbortSignal {
    return this.#gone.signal
  }

  async write(output: 'stdout' | 'stderr', data: Uint8Array): Promise<void> {
    await this.#streams.get(output)?.write(data)
  }

  async finish(status: Status): Promise<void> {
    await this.#streams.get('error')?.write(Buffer.from(JSON.stringify(status)))
    for (const stream of this.#streams.values()) await stream.end()
    this.#connection.close()
  }
}

/** One JSON object after the other, a line each. */
async function* sizesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<TerminalSize> {
  let text = ''
  for await (const chunk of input) {
    const lines = (text + Buffer.from(chunk).toString()).split(/(?<=})\s*/)
    text = lines.pop()?.slice(0, LONGEST_SIZE) ?? ''
    for (const size of lines.map(parseTerminalSize)) if (size) yield size
  }
}

const NOTHING: AsyncIterable<never> = {
  async *[Symbol.asyncIterator]() {},
}
