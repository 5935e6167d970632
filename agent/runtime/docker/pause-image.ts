import { RuntimeFailure } from '../runtime.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { imageArchive } from './image-archive.ts'
import { LABELS } from './labels.ts'
import { type Architecture, pauseProgram } from './pause-program.ts'

/** The image that sandboxes run. It is made here and loaded, so that no registry is needed; the same bytes each time. */
export class PauseImage {
  readonly #docker: DockerApi
  readonly #clusterId: string
  readonly reference: string
  #ensured: Promise<void> | undefined

  constructor(docker: DockerApi, clusterId: string) {
    this.#docker = docker
    this.#clusterId = clusterId
    this.reference = `kubette/pause:${clusterId.toLowerCase().slice(0, 32)}`
  }

  /** Resolves when the image is there; asks Docker only once. */
  ensure(): Promise<void> {
    this.#ensured ??= this.#load().catch((error: unknown) => {
      this.#ensured = undefined
      throw error
    })
    return this.#ensured
  }

  /** Somebody may have removed it. */
  forget(): void {
    this.#ensured = undefined
  }

  async #load(): Promise<void> {
    try {
      await this.#docker.json({ method: 'GET', path: `/images/${this.reference}/json` })
    } catch (error) {
      if (!isFailure(error, 'notFound')) throw error
      const archive = await this.#archive()
      await this.#docker.json({ method: 'POST', path: '/images/load', query: { quiet: true }, archive })
    }
  }

  async #archive(): Promise<Buffer> {
    const { Arch } = await this.#docker.json<{ Arch: string }>({ method: 'GET', path: '/version' })
    if (Arch !== 'amd64' && Arch !== 'arm64') throw new RuntimeFailure('invalid', `no pause program for ${Arch}`)
    return pauseArchive(this.reference, Arch, this.#clusterId)
  }
}

/** The archive that makes the image. */
export function pauseArchive(reference: string, architecture: Architecture, clusterId: string): Promise<Buffer> {
  return imageArchive({
    reference,
    architecture,
    files: [{ type: 'file', name: 'pause', mode: 0o755, content: pauseProgram(architecture) }],
    config: { Entrypoint: ['/pause'], Labels: { [LABELS.cluster]: clusterId, [LABELS.kind]: 'image' } },
  })
}
