import { type ContainerSpec, MAX_TERMINATION_MESSAGE_BYTES } from '../runtime.ts'
import { readFile } from './container-files.ts'
import type { ContainerInspect } from './container-inspect.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { LABELS } from './labels.ts'
import type { DockerMount } from './mounts.ts'
import { type ArchiveEntry, tarArchive } from './tar-archive.ts'

/**
 * Where a sandbox has the files that its containers leave their last words in. It is a nameless volume, which Docker
 * fills with what the image has there, and removes with the sandbox.
 */
export const MESSAGES_DIRECTORY = '/messages'

/** So many files are there from the start; more cost a call each. */
const PREPARED = 16

/** For the image of sandboxes. */
export const MESSAGE_FILES: readonly ArchiveEntry[] = [
  { type: 'directory', name: `${MESSAGES_DIRECTORY.slice(1)}/`, mode: 0o755 },
  ...Array.from({ length: PREPARED }, (_, number) => emptyFile(`${MESSAGES_DIRECTORY.slice(1)}/${number}`)),
]

/**
 * The files of containers' termination messages. One is mounted over `/dev/termination-log` or what the spec names:
 * /dev itself is in memory, and gone with the container's end.
 */
export class MessageFiles {
  readonly #docker: DockerApi
  readonly #containers: Containers
  /** By sandbox: where on Docker's machine its files are. */
  readonly #folders = new Map<string, string>()

  constructor(docker: DockerApi, containers: Containers) {
    this.#docker = docker
    this.#containers = containers
  }

  /** Saves a question for each container of the sandbox. Returns the folder, if there is one. */
  remember(sandbox: ContainerInspect | undefined): string | undefined {
    const folder = sandbox?.Mounts?.find(({ Destination }) => Destination === MESSAGES_DIRECTORY)?.Source
    if (sandbox && folder !== undefined) this.#folders.set(sandbox.Id, folder)
    return folder
  }

  forget(sandboxId: string): void {
    this.#folders.delete(sandboxId)
  }

  /** An empty one for a new container; none where its sandbox has none. */
  async mount({ sandboxId, restartCount, terminationMessage }: ContainerSpec): Promise<DockerMount[]> {
    if (!terminationMessage) return []
    const folder = this.#folders.get(sandboxId) ?? this.remember(await this.#containers.inspect(sandboxId))
    if (folder === undefined) return []
    const { file, path } = terminationMessage
    if (restartCount > 0 || file >= PREPARED) await this.#empty(sandboxId, file)
    return [{ Type: 'bind', Source: `${folder}/${file}`, Target: path, ReadOnly: false }]
  }

  /** The end of what a container left; undefined where there is no such file. */
  async read(containerId: string): Promise<string | undefined> {
    const path = (await this.#containers.inspect(containerId))?.Config.Labels?.[LABELS.messagePath]
    if (!path) return undefined
    return readFile(this.#docker, containerId, path, MAX_TERMINATION_MESSAGE_BYTES)
  }

  async #empty(sandboxId: string, file: number): Promise<void> {
    const archive = await tarArchive([emptyFile(String(file))])
    const path = `/containers/${sandboxId}/archive`
    await this.#docker.json({ method: 'PUT', path, query: { path: MESSAGES_DIRECTORY }, archive })
  }
}

function emptyFile(name: string): ArchiveEntry {
  return { type: 'file', name, mode: 0o666, content: '' }
}
