import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { type ImageState, type RegistryCredentials, RuntimeFailure } from '../runtime.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { pullFailure, pullProgress, stalledPull } from './pull-progress.ts'

interface ImageInspect {
  Id: string
  RepoTags: string[] | null
  RepoDigests: string[] | null
  Size: number
  Architecture?: string
  Config?: { User?: string } | null
}

/** A pull that shows no progress for that long is given up: a registry that hangs would hold it without end. */
const STALL_MS = 60_000

export class Images {
  readonly #docker: DockerApi
  readonly #clock: Clock
  readonly #stallMs: number

  constructor(docker: DockerApi, clock: Clock, stallMs = STALL_MS) {
    this.#docker = docker
    this.#clock = clock
    this.#stallMs = stallMs
  }

  async inspect(reference: string): Promise<ImageState | undefined> {
    try {
      return imageState(await this.#docker.json<ImageInspect>({ method: 'GET', path: `/images/${reference}/json` }))
    } catch (error) {
      if (isFailure(error, 'notFound')) return undefined
      throw error
    }
  }

  /** Never by force: Docker itself knows best what uses an image. One without a name is removed by its id. */
  async remove(reference: string, id: string): Promise<'removed' | 'inUse' | 'other'> {
    const [named, image] = await Promise.all([this.inspect(reference), this.inspect(id)])
    if (!image) return 'other'
    const isNameless = image.references.length === 0
    if (named?.id !== id && !isNameless) return 'other'
    // Where containerd keeps the images, a digest that is removed takes all tags of its repository along.
    if (isDigest(reference) && !isNameless) return 'other'
    try {
      await this.#docker.json({ method: 'DELETE', path: `/images/${isNameless ? id : reference}` })
      return (await this.inspect(id)) ? 'other' : 'removed'
    } catch (error) {
      if (isFailure(error, 'conflict')) return 'inUse'
      if (isFailure(error, 'notFound')) return 'other'
      throw error
    }
  }

  async list(): Promise<ImageState[]> {
    return (await this.#docker.json<ImageInspect[]>({ method: 'GET', path: '/images/json' })).map(imageState)
  }

  async pull(reference: string, signal: AbortSignal, credentials?: RegistryCredentials): Promise<ImageState> {
    try {
      await this.#download(reference, signal, credentials)
    } catch (error) {
      signal.throwIfAborted()
      if (isFailure(error, 'unavailable', 'registryUnavailable')) throw error
      if (isFailure(error, 'timeout')) throw stalledPull(this.#stallMs, error)
      throw pullFailure(messageOf(error), undefined, error)
    }
    const image = await this.inspect(reference)
    if (!image) throw new RuntimeFailure('imagePull', `${reference} was pulled, but is not there`)
    return image
  }

  async #download(reference: string, signal: AbortSignal, credentials?: RegistryCredentials): Promise<void> {
    const stalled = new AbortController()
    const query = splitReference(reference)
    const call = { method: 'POST', path: '/images/create', query, timeoutMs: this.#stallMs } as const
    const login = credentials ? { credentials } : {}
    const stream = await this.#docker.stream({ ...call, ...login }, AbortSignal.any([signal, stalled.signal]))
    await pullProgress(stream, { clock: this.#clock, stallMs: this.#stallMs, giveUp: () => stalled.abort() })
  }
}

function imageState({ Id, RepoTags, RepoDigests, Size, Architecture, Config }: ImageInspect): ImageState {
  return {
    id: Id,
    // Where containerd keeps the images, what was pulled by its digest is among the tags, too.
    references: tagsOf(RepoTags).filter((tag) => !isDigest(tag)),
    digests: (RepoDigests ?? []).filter((digest) => !digest.startsWith('<none>')),
    sizeBytes: Size,
    architecture: Architecture ?? '',
    user: Config?.User ?? '',
  }
}

/** Docker shows an image without any as `<none>:<none>`. */
export function tagsOf(repoTags: readonly string[] | null): string[] {
  return (repoTags ?? []).filter((tag) => tag !== '<none>:<none>')
}

function isDigest(reference: string): boolean {
  return reference.includes('@')
}

/** Name and tag (or digest) apart, as Docker's API wants it. */
function splitReference(reference: string): { fromImage: string; tag: string } {
  const at = reference.indexOf('@')
  const colon = reference.lastIndexOf(':')
  if (at >= 0) {
    const name = reference.slice(0, at)
    const tagged = name.lastIndexOf(':') > name.lastIndexOf('/')
    const fromImage = tagged ? name.slice(0, name.lastIndexOf(':')) : name
    return { fromImage, tag: reference.slice(at + 1) }
  }
  if (colon > reference.lastIndexOf('/'))
    return { fromImage: reference.slice(0, colon), tag: reference.slice(colon + 1) }
  return { fromImage: reference, tag: 'latest' }
}
