import { type ContainerSpec, MAX_TERMINATION_MESSAGE_BYTES } from '../runtime.ts'
import { readFile } from './container-files.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { LABELS } from './labels.ts'
import type { DockerMount } from './mounts.ts'
import { PREPARED_MESSAGES, SANDBOX_FILES_DIRECTORY, type SandboxFiles } from './sandbox-files.ts'
import { tarArchive } from './tar-archive.ts'

/**
 * The files of containers' termination messages. One is mounted over `/dev/termination-log` or what the spec names:
 * /dev itself is in memory, and gone with the container's end.
 */
export class MessageFiles {
  readonly #docker: DockerApi
  readonly #containers: Containers
  readonly #files: SandboxFiles

  constructor(docker: DockerApi, containers: Containers, files: SandboxFiles) {
    this.#docker = docker
    this.#containers = containers
    this.#files = files
  }

  /** An empty one for a new container; none where its sandbox has none. */
  async mount({ sandboxId, restartCount, terminationMessage }: ContainerSpec): Promise<DockerMount[]> {
    if (!terminationMessage) return []
    const place = await this.#files.of(sandboxId)
    if (place === undefined) return []
    const { file, path } = terminationMessage
    if (restartCount > 0 || file >= PREPARED_MESSAGES) await this.#empty(sandboxId, file)
    return [{ Type: 'bind', Source: `${place.folder}/${file}`, Target: path, ReadOnly: false }]
  }

  /** The end of what a container left; undefined where there is no such file. */
  async read(containerId: string, signal: AbortSignal): Promise<string | undefined> {
    const path = (await this.#containers.inspect(containerId))?.Config.Labels?.[LABELS.messagePath]
    if (!path) return undefined
    return readFile(this.#docker, containerId, path, MAX_TERMINATION_MESSAGE_BYTES, signal)
  }

  async #empty(sandboxId: string, file: number): Promise<void> {
    const archive = await tarArchive([{ type: 'file', name: String(file), mode: 0o666, content: '' }])
    const path = `/containers/${sandboxId}/archive`
    await this.#docker.json({ method: 'PUT', path, query: { path: SANDBOX_FILES_DIRECTORY }, archive })
  }
}
