import type { ContainerUser } from '../runtime.ts'
import { RuntimeFailure } from '../runtime.ts'
import { readFile } from './container-files.ts'
import type { ContainerInspect } from './container-inspect.ts'
import type { DockerApi } from './docker-api.ts'
import { execUser, type UserFiles } from './exec-user.ts'

const MAX_FILE_BYTES = 1024 * 1024

/** As whom containers run. What an image knows of users is read from the first container of it that is seen. */
export class ContainerUsers {
  readonly #docker: DockerApi
  readonly #byImage = new Map<string, Promise<UserFiles>>()

  constructor(docker: DockerApi) {
    this.#docker = docker
  }

  /** Undefined where that cannot be said. */
  async of({ Id, Image, Config, HostConfig }: ContainerInspect): Promise<ContainerUser | undefined> {
    const files = this.#byImage.get(Image) ?? this.#read(Id)
    this.#byImage.set(Image, files)
    try {
      return execUser(Config.User ?? '', HostConfig.GroupAdd ?? [], await files)
    } catch (error) {
      this.#byImage.delete(Image)
      if (!(error instanceof RuntimeFailure)) throw error
      return undefined
    }
  }

  async #read(id: string): Promise<UserFiles> {
    const [passwd = '', group = ''] = await Promise.all(
      ['/etc/passwd', '/etc/group'].map((path) => readFile(this.#docker, id, path, MAX_FILE_BYTES)),
    )
    return { passwd, group }
  }
}
