import { hostname } from 'node:os'
import { posix } from 'node:path'
import type { MountPoint } from './container-mounts.ts'
import type { DockerApi, DockerOptions } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import type { HostPaths } from './host-paths.ts'

export interface OwnPathsOptions {
  docker?: DockerOptions
  /** Files of the agent, as its process sees them. */
  ownFiles?: readonly string[]
}

const DEFAULT_SOCKET = '/var/run/docker.sock'
/** Docker's own runtime directory, and containerd, obey whoever reaches their sockets. */
const RUN_DIRECTORIES = ['/run/docker', '/run/containerd']

/**
 * What of the machine gives power over Docker or this agent: Docker's sockets and the directory where it keeps
 * everything, and the agent's files. Without symbolic links.
 */
export async function ownPaths(docker: DockerApi, paths: HostPaths, options: OwnPathsOptions): Promise<string[]> {
  const { DockerRootDir } = await docker.json<{ DockerRootDir: string }>({ method: 'GET', path: '/info' })
  const files = await pathsOfFiles(docker, options.ownFiles ?? [])
  const named = [DEFAULT_SOCKET, socketOf(options.docker), DockerRootDir, ...RUN_DIRECTORIES, ...files]
  const real = new Set<string>()
  for (const path of named) if (path) real.add((await paths.inspect(path)).path)
  return [...real]
}

/** The socket that this agent uses, where it uses one. */
function socketOf({ socketPath }: DockerOptions = {}): string | undefined {
  return socketPath ?? /^unix:\/\/(\/.+)$/.exec(process.env.DOCKER_HOST ?? '')?.[1]
}

/**
 * Where files are on the machine. An agent in a container has its container's id as host name, unless told otherwise:
 * what is mounted there is found by it. To take another container for ours only protects more.
 */
async function pathsOfFiles(docker: DockerApi, files: readonly string[]): Promise<string[]> {
  const mounts = await mountsOfContainer(docker, hostname())
  const outside = files.flatMap((file) =>
    mounts
      .filter(({ Destination }) => file === Destination || file.startsWith(`${Destination}/`))
      .map(({ Source, Destination }) => posix.join(Source, file.slice(Destination.length))),
  )
  return [...files, ...outside]
}

async function mountsOfContainer(docker: DockerApi, id: string): Promise<MountPoint[]> {
  try {
    const call = { method: 'GET', path: `/containers/${encodeURIComponent(id)}/json` } as const
    return (await docker.json<{ Mounts?: MountPoint[] }>(call)).Mounts ?? []
  } catch (error) {
    if (isFailure(error, 'notFound')) return []
    throw error
  }
}
