import { posix } from 'node:path'
import type { Clock } from '../../../shared/clock.ts'
import { type ContainerSpec, RuntimeFailure, type VolumeMount } from '../runtime.ts'
import { type PathStat, pathStat } from './container-paths.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import type { MemoryVolumes } from './memory-volumes.ts'
import { type DockerMount, placeInSandbox, wholeVolume } from './mounts.ts'
import { type ArchiveEntry, tarArchive } from './tar-archive.ts'

const MAX_LINKS = 40
const PROPAGATION = { slave: 'rslave', shared: 'rshared' } as const

/** A mount as Docker shows it. `Source` is where the daemon has it: for a volume, a directory below its data root. */
export interface MountPoint {
  Type: string
  Name?: string
  Source: string
  Destination: string
}

/** Who mounts. */
type Mounting = Pick<ContainerSpec, 'name' | 'sandboxId'>

/**
 * What a container mounts, found by what its sandbox mounts. A part of a volume is mounted from the path where the daemon
 * itself has the volume, which needs no path of the agent's. The kernel would follow a symbolic link in it on the
 * machine, so links are resolved here before, inside the sandbox: none may lead out of the volume.
 */
export class ContainerMounts {
  readonly #docker: DockerApi
  readonly #containers: Containers
  readonly #memory: MemoryVolumes
  readonly #clock: Clock

  constructor(docker: DockerApi, containers: Containers, memory: MemoryVolumes, clock: Clock) {
    this.#docker = docker
    this.#containers = containers
    this.#memory = memory
    this.#clock = clock
  }

  async resolve(spec: Mounting & { mounts: readonly VolumeMount[] }): Promise<DockerMount[]> {
    const { sandboxId, mounts } = spec
    if (mounts.length === 0) return []
    await this.#memory.check(
      sandboxId,
      mounts.map(({ volume }) => placeInSandbox(volume)),
    )
    const sandbox = await this.#containers.inspect(sandboxId)
    const points = new Map(sandbox?.Mounts?.map((point) => [point.Destination, point]))
    const resolved: DockerMount[] = []
    for (const mount of mounts) {
      const point = points.get(placeInSandbox(mount.volume))
      if (!point)
        throw new RuntimeFailure('mount', `volume ${JSON.stringify(mount.volume)} is not mounted by the sandbox`)
      resolved.push(await this.#mount(spec, mount, point))
    }
    return resolved
  }

  async #mount(who: Mounting, mount: VolumeMount, point: MountPoint): Promise<DockerMount> {
    const { mountPath: Target, readOnly: ReadOnly, subPath, propagation } = mount
    if (!subPath && !propagation && point.Type === 'volume') return wholeVolume(point.Name ?? '', Target, ReadOnly)
    const inside = subPath ? await this.#subPath(who, mount, subPath) : ''
    const Source = posix.join(point.Source, inside)
    const BindOptions = {
      // Left to Docker where nobody asks: below its data root it wants another than elsewhere.
      ...(propagation ? { Propagation: PROPAGATION[propagation] } : {}),
      // What is mounted below stays as it is, as Docker before 25 has it and Kubernetes unless `recursiveReadOnly` is asked for.
      ...(ReadOnly ? ({ ReadOnlyNonRecursive: true } as const) : {}),
    }
    return { Type: 'bind', Source, Target, ReadOnly, BindOptions }
  }

  /** Relative to the volume, without links; made where nothing is. */
  async #subPath(who: Mounting, mount: VolumeMount, subPath: string): Promise<string> {
    const root = placeInSandbox(mount.volume)
    const { mode: rootMode } = (await pathStat(this.#docker, who.sandboxId, root)) ?? { mode: 0o755 }
    let waiting = elements(subPath)
    let path = root
    for (let links = 0; waiting.length > 0; ) {
      const [next = '', ...rest] = waiting
      const at = `${path}/${next}`
      const found = await pathStat(this.#docker, who.sandboxId, at)
      if (found?.type === 'link') {
        const target = insideOf(root, found)
        if (target === undefined || ++links > MAX_LINKS) throw failedTo('prepare subPath', who, mount)
        path = root
        waiting = [...elements(target), ...rest]
      } else {
        if (found && found.type !== 'directory' && rest.length > 0) throw failedTo('prepare subPath', who, mount)
        if (!found) await this.#makeDirectory(who, mount, path, newDirectory(next, rootMode, mount.group))
        path = at
        waiting = rest
      }
    }
    return posix.relative(root, path)
  }

  async #makeDirectory(who: Mounting, mount: VolumeMount, parent: string, directory: ArchiveEntry): Promise<void> {
    const archive = await tarArchive([directory], this.#clock.now())
    const call = { method: 'PUT', path: `/containers/${who.sandboxId}/archive`, query: { path: parent } } as const
    try {
      await this.#docker.json({ ...call, archive })
    } catch (error) {
      if (isFailure(error, 'unavailable', 'timeout')) throw error
      throw failedTo('create subPath directory', who, mount, error)
    }
  }
}

/** As open as the volume, and of its group. */
function newDirectory(name: string, mode: number, group: number | undefined): ArchiveEntry {
  const directory = { type: 'directory', name: `${name}/` } as const
  return group === undefined ? { ...directory, mode } : { ...directory, mode: mode | 0o2000, gid: group }
}

function elements(path: string): string[] {
  return path.split('/').filter((element) => element !== '' && element !== '.')
}

/** Where a link of the sandbox leads to, relative to the volume; undefined where that is outside. */
function insideOf(root: string, { linkTarget }: PathStat): string | undefined {
  return linkTarget === root || linkTarget.startsWith(`${root}/`) ? linkTarget.slice(root.length) : undefined
}

/** In the kubelet's words, which tell nothing of the machine's files. */
function failedTo(step: string, { name }: Mounting, { volume }: VolumeMount, cause?: unknown): RuntimeFailure {
  const where = `volumeMount ${JSON.stringify(volume)} of container ${JSON.stringify(name)}`
  return new RuntimeFailure('mount', `failed to ${step} for ${where}`, cause)
}
