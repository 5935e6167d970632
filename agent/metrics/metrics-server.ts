import { ApiError } from '../../shared/api/api-error.ts'
import { messageOf } from '../../shared/error-message.ts'
import type { Stream } from '../../shared/protocol/stream.ts'
import { RuntimeFailure } from '../runtime/runtime.ts'
import type { UsageMeter } from './usage-meter.ts'

const STDOUT = 1

/** Tells over a stream what the node and its Pods use. */
export class MetricsServer {
  readonly #meter: Pick<UsageMeter, 'measure'>

  constructor(meter: Pick<UsageMeter, 'measure'>) {
    this.#meter = meter
  }

  /** Resolves once the stream is accepted, which is before anything was measured. */
  async serve(stream: Stream): Promise<void> {
    void this.#send(stream)
  }

  async #send(stream: Stream): Promise<void> {
    try {
      await stream.write(STDOUT, Buffer.from(JSON.stringify(await this.#meter.measure())))
      stream.end()
    } catch (error) {
      if (!stream.signal.aborted) stream.end(failure(error))
    }
  }
}

function failure(error: unknown): ApiError {
  const message = messageOf(error)
  return new ApiError(error instanceof RuntimeFailure ? 'ServiceUnavailable' : 'InternalError', message)
}
