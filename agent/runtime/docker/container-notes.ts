import type { NotedContainer } from '../runtime.ts'
import { readFile } from './container-files.ts'
import type { DockerApi } from './docker-api.ts'
import { SANDBOX_FILES_DIRECTORY } from './sandbox-files.ts'
import { tarArchive } from './tar-archive.ts'

const MAX_NOTE_BYTES = 4096

/** Notes on containers, each a file in its sandbox beside the termination messages, where no container reaches it. */
export class ContainerNotes {
  readonly #docker: DockerApi

  constructor(docker: DockerApi) {
    this.#docker = docker
  }

  async keep({ id, sandboxId }: NotedContainer, note: string): Promise<void> {
    const archive = await tarArchive([{ type: 'file', name: nameOf(id), mode: 0o600, content: note }])
    const path = `/containers/${sandboxId}/archive`
    await this.#docker.json({ method: 'PUT', path, query: { path: SANDBOX_FILES_DIRECTORY }, archive })
  }

  read({ id, sandboxId }: NotedContainer): Promise<string | undefined> {
    return readFile(this.#docker, sandboxId, `${SANDBOX_FILES_DIRECTORY}/${nameOf(id)}`, MAX_NOTE_BYTES)
  }
}

function nameOf(containerId: string): string {
  return `note-${containerId}`
}
