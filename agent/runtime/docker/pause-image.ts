import { createHash } from 'node:crypto'
import { RuntimeFailure } from '../runtime.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { imageArchive } from './image-archive.ts'
import { LABELS } from './labels.ts'
import type { Architecture } from './programs/elf-executable.ts'
import { OWN_PATH, ownProgram } from './programs/own-program.ts'
import { PAUSE_PATH, pauseProgram, SOCKETS_PATH, socketsProgram } from './programs/pause-program.ts'
import { RELAY_PATH, relayProgram } from './programs/relay-program.ts'
import { SWITCH_PATH, switchProgram } from './programs/switch-program.ts'
import { SYSFS_PATH, sysfsProgram } from './programs/sysfs-program.ts'
import { SANDBOX_FILES, SANDBOX_FILES_DIRECTORY } from './sandbox-files.ts'
import type { ArchiveEntry } from './tar-archive.ts'

const VOLUMES = { [SANDBOX_FILES_DIRECTORY]: {} }

/** The image that sandboxes run. It is made here and loaded, so that no registry is needed; the same bytes each time. */
export class PauseImage {
  readonly #docker: DockerApi
  readonly #clusterId: string
  readonly reference: string
  #ensured: Promise<void> | undefined

  constructor(docker: DockerApi, clusterId: string) {
    this.#docker = docker
    this.#clusterId = clusterId
    this.reference = pauseReference(clusterId)
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
    const machine = await this.#docker.architecture()
    if (machine !== 'amd64' && machine !== 'arm64')
      throw new RuntimeFailure('invalid', `no pause program for ${machine}`)
    return pauseArchive(this.reference, machine, this.#clusterId)
  }
}

/** Another name for other programs: an agent that was upgraded finds the image of the one before it under the old name. */
export function pauseReference(clusterId: string): string {
  const content = [...programs('amd64'), ...programs('arm64')].map(({ content }) => content)
  const rest = JSON.stringify([SANDBOX_FILES, VOLUMES])
  const version = createHash('sha256').update(Buffer.concat(content)).update(rest).digest('hex').slice(0, 8)
  return `kubette/pause:${clusterId.toLowerCase().slice(0, 32)}-${version}`
}

/** The archive that makes the image. */
export function pauseArchive(reference: string, architecture: Architecture, clusterId: string): Promise<Buffer> {
  return imageArchive({
    reference,
    architecture,
    files: [...programs(architecture), ...SANDBOX_FILES],
    config: {
      Entrypoint: [PAUSE_PATH],
      Volumes: VOLUMES,
      Labels: { [LABELS.cluster]: clusterId, [LABELS.kind]: 'image' },
    },
  })
}

function programs(architecture: Architecture): (ArchiveEntry & { type: 'file'; content: Buffer })[] {
  const program = (path: string, content: Buffer) => {
    return { type: 'file', name: path.slice(1), mode: 0o755, content } as const
  }
  return [
    program(PAUSE_PATH, pauseProgram(architecture)),
    program(SOCKETS_PATH, socketsProgram(architecture)),
    program(RELAY_PATH, relayProgram(architecture)),
    program(OWN_PATH, ownProgram(architecture)),
    program(SWITCH_PATH, switchProgram(architecture)),
    program(SYSFS_PATH, sysfsProgram(architecture)),
  ]
}
