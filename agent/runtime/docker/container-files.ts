import type { Readable } from 'node:stream'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'

/** The last `mostBytes` of a file in a container, running or not; undefined where there is no such file. `signal` calls it off. */
export async function readFile(
  docker: DockerApi,
  containerId: string,
  path: string,
  mostBytes: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const done = new AbortController()
  const either = signal ? AbortSignal.any([done.signal, signal]) : done.signal
  const call = { method: 'GET', path: `/containers/${containerId}/archive`, query: { path } } as const
  try {
    return await endOfFile(await docker.stream(call, either), mostBytes)
  } catch (error) {
    if (isFailure(error, 'notFound')) return undefined
    throw error
  } finally {
    done.abort()
  }
}

/** Of the one file of an archive, however long it is. */
async function endOfFile(archive: Readable, mostBytes: number): Promise<string | undefined> {
  const { default: tar } = await import('tar-stream')
  const entries = tar.extract()
  archive.on('error', (error) => entries.destroy(error))
  archive.pipe(entries)
  for await (const entry of entries) {
    if (entry.header.type !== 'file') return undefined
    let end = Buffer.alloc(0)
    for await (const chunk of entry as AsyncIterable<Buffer>) end = Buffer.concat([end, chunk]).subarray(-mostBytes)
    return end.toString('utf8')
  }
  return undefined
}
