import { pipeline, type Readable } from 'node:stream'
import { type LogOptions, RuntimeFailure } from '../runtime.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { LogDemultiplexer } from './log-demultiplexer.ts'

/** A container's output as Docker's log has it. Without a terminal both outputs are in it, in frames. */
export async function containerLogs(
  docker: DockerApi,
  containers: Containers,
  id: string,
  options: LogOptions,
  signal: AbortSignal,
): Promise<Readable> {
  const container = await containers.inspect(id)
  if (!container) throw new RuntimeFailure('notFound', `No such container: ${id}`)
  const query = {
    stdout: true,
    stderr: true,
    follow: options.follow,
    timestamps: options.timestamps,
    tail: options.tailLines ?? 'all',
    since: options.since === undefined ? undefined : unixTime(options.since),
  }
  const stream = await docker.stream({ method: 'GET', path: `/containers/${id}/logs`, query }, signal)
  if (container.Config.Tty) return stream
  const output = new LogDemultiplexer()
  pipeline(stream, output, () => undefined)
  return output
}

/** Seconds since 1970 with nanoseconds, which Docker takes as text. */
function unixTime(rfc3339: string): string {
  const seconds = Math.floor(Date.parse(rfc3339) / 1000)
  const fraction = /\.(\d{1,9})/.exec(rfc3339)?.[1] ?? '0'
  return `${seconds}.${fraction.padEnd(9, '0')}`
}
