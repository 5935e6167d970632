import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import { DockerApi, type DockerOptions } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
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

/**
 * Removes what carries a cluster's label, of all its nodes: containers, then networks, volumes and images. Nothing
 * else, ever; what somebody else still uses stays. Rejects with a RuntimeFailure where Docker cannot be reached.
 */
export async function removeEverything({ docker, clusterId, clock, log }: RemoveEverythingOptions): Promise<Removed> {
  if (clusterId === '') throw new Error('removing without a cluster id would not know what is ours')
  const api = new DockerApi(docker ?? {}, clock)
  const query = { all: true, filters: { label: labelFilter({ [LABELS.cluster]: clusterId }) } }
  const remove = async (paths: string[]): Promise<number> => {
    let removed = 0
    for (const path of paths) if (await removeOne(api, path, log)) removed++
    return removed
  }
  const containers = await api.json<Labelled[]>({ method: 'GET', path: '/containers/json', query })
  const containersRemoved = await remove(containers.filter(isOurs).map(({ Id }) => `/containers/${Id}`))
  const networks = await api.json<{ Id: string }[]>({ method: 'GET', path: '/networks', query })
  const networksRemoved = await remove(networks.map(({ Id }) => `/networks/${Id}`))
  const volumes = await api.json<{ Volumes: { Name: string }[] | null }>({ method: 'GET', path: '/volumes', query })
  const volumesRemoved = await remove((volumes.Volumes ?? []).map(({ Name }) => `/volumes/${Name}`))
  const images = await api.json<{ Id: string; RepoTags: string[] | null }[]>({
    method: 'GET',
    path: '/images/json',
    query,
  })
  const imagesRemoved = await remove(
    images.flatMap(({ Id, RepoTags }) => (RepoTags?.length ? RepoTags : [Id]).map((name) => `/images/${name}`)),
  )
  return {
    containers: containersRemoved,
    networks: networksRemoved,
    volumes: volumesRemoved,
    images: imagesRemoved,
  }
}

interface Labelled {
  Id: string
  Labels: Labels
}

/** Containers have their image's labels too: one that somebody else made from an image of ours is not ours. */
function isOurs({ Labels }: Labelled): boolean {
  return ['container', 'sandbox', 'probe', 'network-container'].includes(Labels[LABELS.kind] ?? '')
}

/** False where it stays, because somebody uses it; what is gone already counts as removed by others. */
async function removeOne(api: DockerApi, path: string, log: Logger): Promise<boolean> {
  try {
    const query = path.startsWith('/containers/') ? { force: true, v: true } : {}
    await api.json({ method: 'DELETE', path, query })
    return true
  } catch (error) {
    if (isFailure(error, 'notFound')) return false
    if (!isFailure(error, 'conflict', 'failed')) throw error
    log.warn({ path, reason: error.message }, 'could not be removed')
    return false
  }
}
