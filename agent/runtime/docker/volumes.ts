import type { PodIdentity, VolumeSpec } from '../runtime.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { LABELS, type Labels, labelFilter, type Ownership, ownerLabels, podLabels, podOf } from './labels.ts'
import { type ArchiveEntry, tarArchive } from './tar-archive.ts'

/** Where a sandbox mounts its Pod's volumes, so that files can be put into them. */
export const VOLUMES_DIRECTORY = '/volumes'

interface VolumeInspect {
  Name: string
  Labels: Record<string, string> | null
}

/** The volumes of Pods: Docker volumes, which need no path on the host. */
export class Volumes {
  readonly #docker: DockerApi
  readonly #owner: Ownership

  constructor(docker: DockerApi, owner: Ownership) {
    this.#docker = docker
    this.#owner = owner
  }

  /** Docker leaves one that exists as it is. */
  async create(pod: PodIdentity, spec: VolumeSpec): Promise<void> {
    const body = {
      Name: volumeName(pod.uid, spec.name),
      Driver: 'local',
      DriverOpts: driverOptions(spec),
      Labels: {
        ...ownerLabels(this.#owner),
        ...podLabels(pod),
        [LABELS.kind]: 'volume',
        [LABELS.volume]: spec.name,
      },
    }
    await this.#docker.json({ method: 'POST', path: '/volumes/create', body })
  }

  /** Lets who may write to the volumes on disk that a sandbox, not started yet, mounts. */
  async open(sandboxId: string, specs: readonly VolumeSpec[]): Promise<void> {
    const onDisk = specs.filter(({ medium }) => medium === 'disk')
    if (onDisk.length === 0) return
    const archive = await tarArchive(onDisk.map(openDirectory))
    const path = `/containers/${sandboxId}/archive`
    await this.#docker.json({ method: 'PUT', path, query: { path: VOLUMES_DIRECTORY }, archive })
  }

  async list(podUid?: string): Promise<{ pod: PodIdentity; name: string; volume: string }[]> {
    const ofPod: Labels = podUid === undefined ? {} : { [LABELS.podUid]: podUid }
    const labels = { ...ownerLabels(this.#owner), [LABELS.kind]: 'volume', ...ofPod }
    const query = { filters: { label: labelFilter(labels) } }
    const answer = await this.#docker.json<{ Volumes: VolumeInspect[] | null }>({
      method: 'GET',
      path: '/volumes',
      query,
    })
    return (answer.Volumes ?? []).map(({ Name, Labels }) => {
      return { pod: podOf(Labels ?? {}), name: Labels?.[LABELS.volume] ?? '', volume: Name }
    })
  }

  async remove(podUid: string): Promise<void> {
    for (const { volume } of await this.list(podUid)) {
      try {
        await this.#docker.json({ method: 'DELETE', path: `/volumes/${volume}` })
      } catch (error) {
        if (!isFailure(error, 'notFound')) throw error
      }
    }
  }
}

export function volumeName(podUid: string, name: string): string {
  return `kubette_${podUid}_${name}`
}

function openDirectory({ name, group }: VolumeSpec): ArchiveEntry {
  const directory = { type: 'directory', name: `${name}/` } as const
  return group === undefined ? { ...directory, mode: 0o777 } : { ...directory, mode: 0o2777, gid: group }
}

/** Options of `mount` for what is kept in memory. */
function driverOptions(spec: VolumeSpec): Record<string, string> {
  if (spec.medium === 'disk') return {}
  const sticky = spec.medium === 'files' ? 1 : 0
  const options = [`mode=${sticky + (spec.group === undefined ? 0 : 2)}777`]
  if (spec.group !== undefined) options.push(`gid=${spec.group}`)
  if (spec.medium === 'memory' && spec.sizeLimitBytes !== undefined) options.push(`size=${spec.sizeLimitBytes}`)
  return { type: 'tmpfs', device: 'tmpfs', o: options.join(',') }
}
