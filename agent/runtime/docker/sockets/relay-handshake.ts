import { type Clock, sleep } from '../../../../shared/clock.ts'
import type { Random } from '../../../../shared/random.ts'
import type { ContainerProcess } from '../../runtime.ts'
import { RelayClient } from './relay-client.ts'
import { encodeCommand, RelayFrames } from './relay-frames.ts'

const NONCE_BYTES = 16
/**
 * A relay that does not answer in this time is not there, or waits for the rest of what a user before it began to say. On a
 * machine that has too much to do a sandbox may get no processor for many seconds.
 */
const ANSWER_MS = 30_000

/**
 * Begins to use the relay on a process's streams, until `signal`; undefined, and the streams closed, where none answers.
 * What comes before the answer was for the user before.
 */
export async function greetRelay(
  process: ContainerProcess,
  { clock, random }: { clock: Clock; random: Random },
  signal: AbortSignal,
): Promise<RelayClient | undefined> {
  const client = new RelayClient(process)
  const close = () => client.close()
  signal.addEventListener('abort', close, { once: true })
  if (signal.aborted) close()
  void client.closed.then(() => signal.removeEventListener('abort', close))
  const greeting = encodeCommand('reset', 0, random.bytes(NONCE_BYTES))
  const reader = new Reader(client, greeting)
  void reader.read(process)
  await process.write(greeting).catch(() => client.lost())
  const waiting = new AbortController()
  await Promise.race([reader.answered, client.closed, sleep(clock, ANSWER_MS, waiting.signal).catch(() => {})])
  waiting.abort()
  signal.throwIfAborted()
  if (reader.isAnswered) return client
  client.lost()
  return undefined
}

/** Looks for the answer to a greeting, which is the greeting; what follows are frames. */
class Reader {
  readonly answered: Promise<void>
  isAnswered = false
  readonly #client: RelayClient
  readonly #greeting: Buffer
  readonly #frames = new RelayFrames()
  #seen: Buffer = Buffer.alloc(0)
  #answer: () => void = () => {}

  constructor(client: RelayClient, greeting: Buffer) {
    this.#client = client
    this.#greeting = greeting
    this.answered = new Promise((resolve) => {
      this.#answer = resolve
    })
  }

  /** Until the end, which is the relay's. */
  async read({ output }: ContainerProcess): Promise<void> {
    try {
      for await (const { from, data } of output) if (from === 'stdout') this.#take(data)
    } catch {
      // As good as an end.
    }
    this.#client.lost()
  }

  #take(data: Uint8Array): void {
    const rest = this.isAnswered ? data : this.#find(data)
    if (rest) for (const frame of this.#frames.split(rest)) this.#client.take(frame)
  }

  #find(data: Uint8Array): Uint8Array | undefined {
    const seen = Buffer.concat([this.#seen, data])
    const at = seen.indexOf(this.#greeting)
    this.#seen = seen.subarray(Math.max(0, seen.length - this.#greeting.length + 1))
    if (at < 0) return undefined
    this.isAnswered = true
    this.#answer()
    return seen.subarray(at + this.#greeting.length)
  }
}
