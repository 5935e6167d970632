import { posix } from 'node:path'
import { type ContainerSpec, MAX_TERMINATION_MESSAGE_BYTES } from '../runtime.ts'
import { readFile } from './container-files.ts'
import type { ContainerInspect } from './container-inspect.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { LABELS } from './labels.ts'
import type { DockerMount } from './mounts.ts'
import { PREPARED_MESSAGES, SANDBOX_FILES_DIRECTORY, type SandboxFiles, sandboxFile } from './sandbox-files.ts'
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
    const container = await this.#containers.inspect(containerId)
    const path = container?.Config.Labels?.[LABELS.messagePath]
    if (!container || !path) return undefined
    const { id, path: place } = (await this.#inSandbox(container, path)) ?? { id: containerId, path }
    return readFile(this.#docker, id, place, MAX_TERMINATION_MESSAGE_BYTES, signal)
  }

  /**
   * Where the sandbox has the file. To read it through the ended container Docker would mount again all that it had,
   * of which something may be gone: a part of a ConfigMap's volume, say, that was rewritten since.
   */
  async #inSandbox(container: ContainerInspect, path: string): Promise<{ id: string; path: string } | undefined> {
    const id = container.Config.Labels?.[LABELS.sandbox]
    const source = container.Mounts?.find(({ Destination }) => Destination === path)?.Source
    const place = id === undefined ? undefined : await this.#files.of(id)
    if (!id || !source || !place || posix.dirname(source) !== place.folder) return undefined
    return { id, path: sandboxFile(posix.basename(source)) }
  }

  async #empty(sandboxId: string, file: number): Promise<void> {
    const archive = await tarArchive([{ type: 'file', name: String(file), mode: 0o666, content: '' }])
    const path = `/containers/${sandboxId}/archive`
    await this.#docker.json({ method: 'PUT', path, query: { path: SANDBOX_FILES_DIRECTORY }, archive })
  }
}
