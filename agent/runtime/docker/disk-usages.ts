import { stat } from 'node:fs/promises'
import type { DiskUsage } from '../runtime.ts'
import type { ContainerInspect } from './container-inspect.ts'
import type { Containers } from './containers.ts'
import { directoryBytes } from './directory-bytes.ts'
import type { DockerApi } from './docker-api.ts'
import { LABELS, labelFilter, type Ownership, ownerLabels } from './labels.ts'

interface VolumeOnDisk {
  Name: string
  Mountpoint: string
  Labels: Record<string, string> | null
  Options: Record<string, string> | null
}

interface SystemDiskUsage {
  Volumes: { Name: string; UsageData?: { Size: number } }[] | null
}

/** Docker keeps a container's log in so many files. */
const LOG_FILES = ['', '.1', '.2']

/**
 * What Pods occupy of the disk. Volumes and logs are looked at where this process sees Docker's directory. Where it does
 * not, as in a container, Docker is asked for the sizes of all volumes, and logs, which are small, are not counted.
 */
export class DiskUsages {
  readonly #docker: DockerApi
  readonly #containers: Containers
  readonly #owner: Ownership

  constructor(docker: DockerApi, containers: Containers, owner: Ownership) {
    this.#docker = docker
    this.#containers = containers
    this.#owner = owner
  }

  async read(podUid: string): Promise<DiskUsage> {
    return { containers: await this.#ofContainers(podUid), volumes: await this.#ofVolumes(podUid) }
  }

  async #ofContainers(podUid: string): Promise<Map<string, number>> {
    const query = { all: true, size: true, filters: { label: this.#labels(podUid, 'container') } }
    const call = { method: 'GET', path: '/containers/json', query } as const
    const found = await this.#docker.json<{ Id: string; SizeRw?: number }[]>(call)
    const sizes = new Map<string, number>()
    for (const { Id, SizeRw = 0 } of found) {
      const inspected = await this.#containers.inspect(Id)
      sizes.set(Id, SizeRw + (inspected ? await logBytes(inspected) : 0))
    }
    return sizes
  }

  async #ofVolumes(podUid: string): Promise<Map<string, number>> {
    const query = { filters: { label: this.#labels(podUid, 'volume') } }
    const answer = await this.#docker.json<{ Volumes: VolumeOnDisk[] | null }>({
      method: 'GET',
      path: '/volumes',
      query,
    })
    const onDisk = (answer.Volumes ?? []).filter(({ Options }) => Options?.type !== 'tmpfs')
    const sizes = new Map<string, number>()
    for (const volume of onDisk) {
      const bytes = (await directoryBytes(volume.Mountpoint)) ?? (await this.#ask(volume.Name))
      sizes.set(volume.Labels?.[LABELS.volume] ?? '', bytes)
    }
    return sizes
  }

  async #ask(volume: string): Promise<number> {
    const call = { method: 'GET', path: '/system/df', query: { type: 'volume' } } as const
    const { Volumes } = await this.#docker.json<SystemDiskUsage>(call)
    return Math.max(0, Volumes?.find(({ Name }) => Name === volume)?.UsageData?.Size ?? 0)
  }

  #labels(podUid: string, kind: string): string[] {
    return labelFilter({ ...ownerLabels(this.#owner), [LABELS.podUid]: podUid, [LABELS.kind]: kind })
  }
}

async function logBytes({ LogPath }: ContainerInspect): Promise<number> {
  if (!LogPath) return 0
  const sizes = await Promise.all(
    LOG_FILES.map((end) =>
      stat(`${LogPath}${end}`).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}
