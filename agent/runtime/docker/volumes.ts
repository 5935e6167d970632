import type { PodIdentity, VolumeSpec } from '../runtime.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { LABELS, labelFilter, type Ownership, ownerLabels, podLabels, podOf } from './labels.ts'
import { tarArchive } from './tar-archive.ts'

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
      DriverOpts: spec.medium === 'memory' ? memoryOptions(spec) : {},
      Labels: {
        ...ownerLabels(this.#owner),
        ...podLabels(pod),
        [LABELS.kind]: 'volume',
        [LABELS.volume]: spec.name,
      },
    }
    await this.#docker.json({ method: 'POST', path: '/volumes/create', body })
  }

  /** Lets every user write to the volumes that a sandbox, not started yet, mounts. */
  async open(sandboxId: string, specs: readonly VolumeSpec[]): Promise<void> {
    if (specs.length === 0) return
    const directories = specs.map(({ name }) => ({ type: 'directory', name: `${name}/`, mode: 0o777 }) as const)
    const path = `/containers/${sandboxId}/archive`
    const archive = await tarArchive(directories)
    await this.#docker.json({ method: 'PUT', path, query: { path: VOLUMES_DIRECTORY }, archive })
  }

  async list(podUid?: string): Promise<{ pod: PodIdentity; name: string; volume: string }[]> {
    const labels = { ...ownerLabels(this.#owner), ...(podUid === undefined ? {} : { [LABELS.podUid]: podUid }) }
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

function memoryOptions({ sizeLimitBytes }: VolumeSpec): Record<string, string> {
  const size = sizeLimitBytes === undefined ? '' : `,size=${sizeLimitBytes}`
  return { type: 'tmpfs', device: 'tmpfs', o: `mode=0777${size}` }
}
