import type { DockerApi, DockerCall } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'

/** What is at a path of a container, running or not; links before the last element are followed. */
export interface PathStat {
  /** Permissions, such as 0o755. */
  mode: number
  type: 'directory' | 'file' | 'link' | 'socket' | 'characterDevice' | 'blockDevice' | 'other'
  /** Of a link: the path in the container that it leads to in the end, also where nothing is there. */
  linkTarget: string
}

/** Go's file mode bits. */
const TYPES: readonly (readonly [bit: number, type: PathStat['type']])[] = [
  [31, 'directory'],
  [27, 'link'],
  [24, 'socket'],
  [21, 'characterDevice'],
  [26, 'blockDevice'],
  [25, 'other'],
  [19, 'other'],
]

/** Undefined where nothing is there. */
export async function pathStat(docker: DockerApi, containerId: string, path: string): Promise<PathStat | undefined> {
  const archive = { path: `/containers/${containerId}/archive`, query: { path } }
  try {
    return await ask(docker, { ...archive, method: 'HEAD' }).catch((error: unknown) => {
      // A HEAD is refused without a word; the same asked with GET is told why.
      if (isFailure(error, 'failed')) return ask(docker, { ...archive, method: 'GET' })
      throw error
    })
  } catch (error) {
    if (isFailure(error, 'notFound')) return undefined
    throw error
  }
}

async function ask(docker: DockerApi, call: DockerCall): Promise<PathStat> {
  const answer = await docker.stream(call, new AbortController().signal)
  answer.destroy()
  const header = String(answer.headers['x-docker-container-path-stat'] ?? '')
  const { mode, linkTarget } = JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as GoStat
  const type = TYPES.find(([bit]) => Math.floor(mode / 2 ** bit) % 2 === 1)?.[1] ?? 'file'
  return { mode: mode % 0o1000, type, linkTarget }
}

interface GoStat {
  mode: number
  linkTarget: string
}
