import { ApiError } from '../../shared/api/api-error.ts'
import { PORT_CHANNELS } from '../../shared/protocol/command-channels.ts'
import type { PortForwardRequest } from '../../shared/protocol/frames.ts'
import type { Stream, StreamServer } from '../../shared/protocol/stream.ts'
import { type PortConnection, type Runtime, RuntimeFailure } from '../runtime/runtime.ts'

export interface PortForwardServerOptions {
  runtime: Pick<Runtime, 'list' | 'connect'>
}

/** Serves connections to ports inside a Pod. A stream is accepted when the connection stands. */
export class PortForwardServer implements StreamServer<PortForwardRequest> {
  readonly #options: PortForwardServerOptions

  constructor(options: PortForwardServerOptions) {
    this.#options = options
  }

  async serve({ podUid, port }: PortForwardRequest, stream: Stream): Promise<void> {
    const { runtime } = this.#options
    try {
      const { sandboxes } = await runtime.list(podUid)
      const sandbox = sandboxes.find(({ running }) => running)
      if (!sandbox) throw new RuntimeFailure('notFound', 'the Pod has no running sandbox')
      void relay(await runtime.connect(sandbox.id, port, stream.signal), stream)
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error
      const why = `failed to connect to localhost:${port} inside the Pod: ${error.message}`
      throw new ApiError(error.code === 'notFound' ? 'NotFound' : 'InternalError', why, {})
    }
  }
}

/** Passes on in both directions until the other side of the connection has closed its own. */
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
