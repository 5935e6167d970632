import { ApiError } from '../../shared/api/api-error.ts'
import { PORT_CHANNELS } from '../../shared/protocol/command-channels.ts'
import type { PortForwardRequest } from '../../shared/protocol/frames.ts'
import type { Stream, StreamServer } from '../../shared/protocol/stream.ts'
import { Turnstile } from '../../shared/turnstile.ts'
import { type PortConnection, type Runtime, RuntimeFailure } from '../runtime/runtime.ts'

export interface PortForwardServerOptions {
  runtime: Pick<Runtime, 'list' | 'connect'>
}

/** Of connections to one Pod that are being made: a program is started for each, and the machine has other things to do. */
const MOST_AT_ONCE = 10

/** Serves connections to ports inside a Pod. Many may be asked for at once: a stream is accepted before it is connected. */
export class PortForwardServer implements StreamServer<PortForwardRequest> {
  readonly #options: PortForwardServerOptions
  /** One for each sandbox: a Pod that is slow to take connections holds up no other. */
  readonly #turnstiles = new Map<string, Turnstile>()

  constructor(options: PortForwardServerOptions) {
    this.#options = options
  }

  async serve({ podUid, port }: PortForwardRequest, stream: Stream): Promise<void> {
    const { runtime } = this.#options
    const { sandboxes } = await runtime.list(podUid).catch((error: unknown) => refuse(port, error))
    const sandbox = sandboxes.find(({ running }) => running)
    if (!sandbox) throw new ApiError('NotFound', failure(port, 'the Pod does not run'), {})
    void this.#connect(sandbox.id, port, stream).then(
      (connection) => relay(connection, stream),
      (error: unknown) => stream.end(asRefusal(port, error)),
    )
  }

  async #connect(sandboxId: string, port: number, { signal }: Stream): Promise<PortConnection> {
    const turnstile = this.#turnstiles.get(sandboxId) ?? new Turnstile(MOST_AT_ONCE)
    this.#turnstiles.set(sandboxId, turnstile)
    try {
      return await turnstile.pass(async () => {
        signal.throwIfAborted()
        return this.#options.runtime.connect(sandboxId, port, signal)
      })
    } finally {
      if (turnstile.isEmpty) this.#turnstiles.delete(sandboxId)
    }
  }
}

function refuse(port: number, error: unknown): never {
  throw asRefusal(port, error)
}

function asRefusal(port: number, error: unknown): unknown {
  return error instanceof RuntimeFailure ? new ApiError('InternalError', failure(port, error.message)) : error
}

function failure(port: number, why: string): string {
  return `failed to connect to localhost:${port} inside the Pod: ${why}`
}

/** Passes on in both directions until the other side of the connection has closed its own. Never rejects. */
async function relay(connection: PortConnection, stream: Stream): Promise<void> {
  const close = () => connection.close()
  stream.signal.addEventListener('abort', close, { once: true })
  if (stream.signal.aborted) close()
  void passInput(stream, connection).catch(() => {})
  try {
    for await (const data of connection.output) await stream.write(PORT_CHANNELS.fromPod, data)
    stream.end()
  } catch (error) {
    stream.end(error)
  } finally {
    close()
  }
}

async function passInput(stream: Stream, connection: PortConnection): Promise<void> {
  for await (const { data } of stream.input) await connection.write(data)
  connection.endInput()
}
