import { type Clock, sleep } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import { DockerApi, type DockerOptions } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { tagsOf } from './images.ts'
import { LABELS, type Labels, labelFilter } from './labels.ts'

export interface RemoveEverythingOptions {
  /** Where Docker is; by default as `DOCKER_HOST` says, or Docker's usual socket. */
  docker?: DockerOptions
  clusterId: string
  clock: Clock
  log: Logger
}

export interface Removed {
  containers: number
  networks: number
  volumes: number
  images: number
}

/** For how long Docker is asked again for what it does not let go of: a network is in use until its containers are gone. */
const TRIES = 20
const PAUSE_MS = 200

/**
 * Removes what carries a cluster's label, of all its nodes: containers, then networks, volumes and images. Nothing
 * else, ever; what somebody else still uses stays. Rejects with a RuntimeFailure where Docker cannot be reached.
 */
export async function removeEverything(options: RemoveEverythingOptions): Promise<Removed> {
  if (options.clusterId === '') throw new Error('removing without a cluster id would not know what is ours')
  const removal = new Removal(options)
  await removal.ofContainersAndNetworks()
  await removal.ofVolumes()
  await removal.ofImages()
  return removal.removed
}

/** What Docker does not let go of, and why. */
interface Kept {
  path: string
  reason: string
}

class Removal {
  readonly removed: Removed = { containers: 0, networks: 0, volumes: 0, images: 0 }
  readonly #api: DockerApi
  readonly #query: Record<string, boolean | object>
  readonly #clock: Clock
  readonly #log: Logger

  constructor({ docker, clusterId, clock, log }: RemoveEverythingOptions) {
    this.#api = new DockerApi(docker ?? {}, clock)
    this.#query = { all: true, filters: { label: labelFilter({ [LABELS.cluster]: clusterId }) } }
    this.#clock = clock
    this.#log = log
  }

  /** Until there are none: what an agent asked for just before it ended may come only now. */
  async ofContainersAndNetworks(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const containers = (await this.#list<Labelled[]>('/containers/json')).filter(isOurs)
      const kept = await this.#remove('containers', containers.map(idOf))
      const networks = await this.#list<{ Id: string }[]>('/networks')
      kept.push(...(await this.#remove('networks', networks.map(idOf))))
      if (containers.length + networks.length === 0) return
      if (tries === TRIES) return this.#complain(kept)
      if (kept.length > 0) await sleep(this.#clock, PAUSE_MS)
    }
  }

  async ofVolumes(): Promise<void> {
    const { Volumes } = await this.#list<{ Volumes: { Name: string }[] | null }>('/volumes')
    const names = (Volumes ?? []).map(({ Name }) => Name)
    this.#complain(await this.#remove('volumes', names))
  }

  async ofImages(): Promise<void> {
    const images = await this.#list<{ Id: string; RepoTags: string[] | null }[]>('/images/json')
    const names = images.flatMap(({ Id, RepoTags }) => {
      const tags = tagsOf(RepoTags)
      return tags.length > 0 ? tags : [Id]
    })
    this.#complain(await this.#remove('images', names))
  }

  #list<T>(path: string): Promise<T> {
    return this.#api.json<T>({ method: 'GET', path, query: this.#query })
  }

  async #remove(kind: keyof Removed, names: readonly string[]): Promise<Kept[]> {
    const kept: Kept[] = []
    for (const name of names) {
      const end = await this.#removeOne(`/${kind}/${name}`)
      if (end === 'removed') this.removed[kind]++
      else if (end !== 'gone') kept.push(end)
    }
    return kept
  }

  async #removeOne(path: string): Promise<'removed' | 'gone' | Kept> {
    try {
      const query = path.startsWith('/containers/') ? { force: true, v: true } : {}
      await this.#api.json({ method: 'DELETE', path, query })
      return 'removed'
    } catch (error) {
      if (isFailure(error, 'notFound')) return 'gone'
      if (!isFailure(error, 'conflict', 'failed')) throw error
      return { path, reason: error.message }
    }
  }

  #complain(kept: readonly Kept[]): void {
    for (const { path, reason } of kept) this.#log.warn({ path, reason }, 'could not be removed')
  }
}

function idOf({ Id }: { Id: string }): string {
  return Id
}

interface Labelled {
  Id: string
  Labels: Labels
}

/** Containers have their image's labels too: one that somebody else made from an image of ours is not ours. */
function isOurs({ Labels }: Labelled): boolean {
  return ['container', 'sandbox', 'probe', 'network-container'].includes(Labels[LABELS.kind] ?? '')
}
