import type { Readable } from 'node:stream'
import { ApiError } from '../../shared/api/api-error.ts'
import type { Clock } from '../../shared/clock.ts'
import { messageOf } from '../../shared/error-message.ts'
import type { Logger } from '../../shared/log.ts'
import type { LogsRequest } from '../../shared/protocol/frames.ts'
import type { Stream, StreamServer } from '../../shared/protocol/stream.ts'
import { apiContainerId } from '../container-id.ts'
import type { PodLookup } from '../pod-lookup.ts'
import { type LogOptions, type Runtime, RuntimeFailure } from '../runtime/runtime.ts'
import { logSource } from './log-source.ts'

export interface LogsServerOptions {
  runtime: Pick<Runtime, 'logs'>
  pods: PodLookup
  clock: Clock
  log: Logger
}

const STDOUT = 1

/** Serves containers' logs. With `follow` a stream ends with the instance that it began with, not with the Pod. */
export class LogsServer implements StreamServer<LogsRequest> {
  readonly #options: LogsServerOptions

  constructor(options: LogsServerOptions) {
    this.#options = options
  }

  async serve(request: LogsRequest, stream: Stream): Promise<void> {
    const { pods, runtime, clock } = this.#options
    const known = pods.lookup(request.podUid)
    if (!known) throw ApiError.notFound({ group: '', plural: 'pods' }, request.podUid)
    const id = logSource(known.pod, known.status, request.container, request.previous)
    const output = await runtime
      .logs(id, logOptions(request, clock.now()), stream.signal)
      .catch((error: unknown) => refuse(id, error))
    void this.#send(output, request.limitBytes ?? Number.POSITIVE_INFINITY, stream)
  }

  async #send(output: Readable, limitBytes: number, stream: Stream): Promise<void> {
    try {
      await copy(output, limitBytes, stream)
      stream.end()
    } catch (error) {
      if (stream.signal.aborted) return
      this.#options.log.warn({ err: error }, 'a log could not be read to its end')
      stream.end(new ApiError('InternalError', `the log could not be read to its end: ${messageOf(error)}`))
    } finally {
      output.destroy()
    }
  }
}

async function copy(output: Readable, limitBytes: number, stream: Stream): Promise<void> {
  let left = limitBytes
  for await (const chunk of output as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk).subarray(0, left)
    if (bytes.length > 0) await stream.write(STDOUT, bytes)
    left -= bytes.length
    if (left <= 0) return
  }
}

function logOptions(request: LogsRequest, nowMs: number): LogOptions {
  const { follow, timestamps, tailLines, sinceSeconds, sinceTime } = request
  const since = sinceSeconds === undefined ? sinceTime : new Date(nowMs - sinceSeconds * 1000).toISOString()
  return {
    follow,
    timestamps,
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(since === undefined ? {} : { since }),
  }
}

/** What the user is told when the runtime does not give the log: the kubelet's words of a container that is gone, or going. */
function refuse(id: string, error: unknown): never {
  if (!(error instanceof RuntimeFailure)) throw error
  switch (error.code) {
    case 'notFound':
    case 'conflict':
      throw ApiError.badRequest(`unable to retrieve container logs for ${apiContainerId(id)}`)
    case 'unavailable':
    case 'timeout':
      throw new ApiError('ServiceUnavailable', `unable to retrieve container logs: ${error.message}`)
    default:
      throw ApiError.badRequest(`unable to retrieve container logs: ${error.message}`)
  }
}
