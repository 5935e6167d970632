import { type PodIdentity, RuntimeFailure, type VolumeSpec } from '../runtime.ts'
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

/** The volumes on disk of Pods: Docker volumes, which need no path on the host. */
export class Volumes {
  readonly #docker: DockerApi
  readonly #owner: Ownership

  constructor(docker: DockerApi, owner: Ownership) {
    this.#docker = docker
    this.#owner = owner
  }

  /** Makes what is missing of them; resolves with those that are new. */
  async createMissing(pod: PodIdentity, specs: readonly VolumeSpec[]): Promise<VolumeSpec[]> {
    const created: VolumeSpec[] = []
    for (const spec of specs) {
      if (spec.medium !== 'disk' && spec.medium !== 'claim') continue
      if (spec.medium === 'claim' && (await this.#isOurClaim(spec.id))) continue
      await this.#create(pod, spec)
      created.push(spec)
    }
    return created
  }

  /** False where there is none. One of that name that is not this node's is never mounted. */
  async #isOurClaim(id: string): Promise<boolean> {
    const found = await this.#inspect(id)
    if (!found) return false
    const labels = { ...ownerLabels(this.#owner), [LABELS.kind]: 'claim' }
    if (Object.entries(labels).every(([key, value]) => found.Labels?.[key] === value)) return true
    throw new RuntimeFailure('conflict', `the Docker volume ${id} exists and is not a claim of this node`)
  }

  async #inspect(id: string): Promise<VolumeInspect | undefined> {
    try {
      return await this.#docker.json<VolumeInspect>({ method: 'GET', path: `/volumes/${id}` })
    } catch (error) {
      if (isFailure(error, 'notFound')) return undefined
      throw error
    }
  }

  /** Docker leaves one that exists as it is. */
  async #create(pod: PodIdentity, spec: VolumeSpec & { medium: 'disk' | 'claim' }): Promise<void> {
    const body = {
      Name: spec.medium === 'claim' ? spec.id : volumeName(pod.uid, spec.name),
      Driver: 'local',
      Labels: {
        ...ownerLabels(this.#owner),
        ...(spec.medium === 'claim'
          ? { [LABELS.kind]: 'claim' }
          : { ...podLabels(pod), [LABELS.kind]: 'volume', [LABELS.volume]: spec.name }),
      },
    }
    await this.#docker.json({ method: 'POST', path: '/volumes/create', body })
  }

  /** Lets who may write to new volumes on disk that a sandbox, not started yet, mounts. */
  async open(sandboxId: string, specs: readonly VolumeSpec[]): Promise<void> {
    const onDisk = specs.filter(({ medium }) => medium === 'disk' || medium === 'claim')
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

  /** Those that were made for a sandbox that came to nothing. */
  async discardClaims(created: readonly VolumeSpec[]): Promise<void> {
    for (const spec of created) if (spec.medium === 'claim') await this.removeClaim(spec.id).catch(() => undefined)
  }

  async removeClaim(id: string): Promise<void> {
    if (await this.#isOurClaim(id)) await this.#docker.json({ method: 'DELETE', path: `/volumes/${id}` })
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
