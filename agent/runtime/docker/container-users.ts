import type { ContainerSecurity, ContainerSpec, ContainerUser } from '../runtime.ts'
import { RuntimeFailure } from '../runtime.ts'
import { readFile } from './container-files.ts'
import type { ContainerInspect } from './container-inspect.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { execUser, joinedGroups, type UserFiles } from './exec-user.ts'
import { LABELS, type Ownership, ownerLabels } from './labels.ts'

const MAX_FILE_BYTES = 1024 * 1024
/** A node has fewer at a time; one that is forgotten is read again. */
const MOST_IMAGES = 500

/**
 * As whom containers run. What an image knows of users is read once, and from no container that runs or starts: to read
 * from one, Docker mounts its volumes anew, and a container that starts then has them too, writable where they must not be.
 */
export class ContainerUsers {
  readonly #docker: DockerApi
  readonly #containers: Containers
  readonly #owner: Ownership
  readonly #byImage = new Map<string, Promise<UserFiles>>()

  constructor(docker: DockerApi, containers: Containers, owner: Ownership) {
    this.#docker = docker
    this.#containers = containers
    this.#owner = owner
  }

  /** Undefined where that cannot be said. */
  async of({ Image, Config, HostConfig }: ContainerInspect): Promise<ContainerUser | undefined> {
    try {
      const files = await this.#filesOf(Image)
      return execUser(Config.User ?? '', HostConfig.GroupAdd ?? [], files)
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error
      return undefined
    }
  }

  /** The number of the user whom a container begins as; undefined for a name that its image does not know. */
  async uidOf({ imageId, securityContext }: ContainerSpec): Promise<number | undefined> {
    return execUser(securityContext?.user ?? '', [], await this.#filesOf(imageId))?.uid
  }

  /** In Docker's terms: of itself it joins the groups that the image names just where it is told of no group. */
  async settled({ imageId, securityContext = {} }: ContainerSpec): Promise<ContainerSecurity> {
    const { user = '', supplementalGroups = [], ignoresImageGroups = false } = securityContext
    const [userName = '', groupName] = user.split(':')
    if ((groupName !== undefined) === ignoresImageGroups) return securityContext
    const files = await this.#filesOf(imageId)
    if (!ignoresImageGroups) {
      const groups = new Set([...supplementalGroups, ...joinedGroups(userName, files)])
      return { ...securityContext, supplementalGroups: [...groups] }
    }
    const found = execUser(userName, [], files)
    return found ? { ...securityContext, user: `${userName || '0'}:${found.gid}` } : securityContext
  }

  /** What could not be read is tried again. */
  #filesOf(imageId: string): Promise<UserFiles> {
    const reading = this.#byImage.get(imageId) ?? this.#readImage(imageId)
    // The one that was asked for last is the last to be forgotten.
    this.#byImage.delete(imageId)
    this.#byImage.set(imageId, reading)
    const [oldest] = this.#byImage.keys()
    if (this.#byImage.size > MOST_IMAGES && oldest !== undefined) this.#byImage.delete(oldest)
    reading.catch(() => this.#byImage.delete(imageId))
    return reading
  }

  /** Through a container that is never started. */
  async #readImage(imageId: string): Promise<UserFiles> {
    const id = await this.#containers.createNamed(undefined, {
      Image: imageId,
      Entrypoint: ['/'],
      Labels: { ...ownerLabels(this.#owner), [LABELS.kind]: 'probe' },
      HostConfig: { NetworkMode: 'none' },
    })
    try {
      const files = await this.#read(id)
      // Files of one that somebody removed look as if there were none.
      if (await this.#containers.inspect(id)) return files
      throw new RuntimeFailure('failed', `could not read the users of image ${imageId}`)
    } finally {
      await this.#containers.remove(id)
    }
  }

  async #read(id: string): Promise<UserFiles> {
    const [passwd = '', group = ''] = await Promise.all(
      ['/etc/passwd', '/etc/group'].map((path) => readFile(this.#docker, id, path, MAX_FILE_BYTES)),
    )
    return { passwd, group }
  }
}
