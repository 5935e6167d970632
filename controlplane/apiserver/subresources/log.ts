import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { LogsRequest } from '../../../shared/protocol/frames.ts'
import type { Stream } from '../../../shared/protocol/stream.ts'
import type { Handler } from '../handler.ts'
import type { Sink } from '../http/answer.ts'
import { type LogOptions, readLogOptions } from './log-options.ts'
import { checkHasLog } from './log-source.ts'
import { containerOf, nodeOf, podOf } from './pod-container.ts'
import type { Subresource } from './subresource.ts'

const CHANNELS: Readonly<Record<LogOptions['stream'], readonly number[]>> = { All: [1, 2], Stdout: [1], Stderr: [2] }

/** Opens the log before it answers, so that what the node refuses is still a proper Status. */
const get: Handler = async (request, services) => {
  const options = readLogOptions(request.query)
  const pod = await podOf(request, services)
  const container = containerOf(pod, options.container)
  const nodeName = nodeOf(pod)
  checkHasLog(pod, container, options.previous)
  const stream = await services.nodeStreams.open(nodeName, requestOf(pod, container, options), request.signal)
  return { type: 'stream', contentType: 'text/plain', write: (sink) => pour(stream, CHANNELS[options.stream], sink) }
}

export const log: Subresource = {
  name: 'log',
  isServedFor: (kind) => kind.type === PODS.type,
  handlers: { get },
}

function requestOf({ metadata }: Persisted<Pod>, container: string, options: LogOptions): LogsRequest {
  const { stream: _stream, ...rest } = options
  return { kind: 'logs', podUid: metadata.uid, ...rest, container }
}

/** Takes no more from the node than the client reads. */
async function pour(stream: Stream, channels: readonly number[], sink: Sink): Promise<void> {
  try {
    for await (const { channel, data } of stream.input) if (channels.includes(channel)) await sink.write(data)
  } finally {
    stream.end()
  }
}
