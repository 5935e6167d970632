import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { LABELS, type Ownership, ownerLabels } from './labels.ts'
import { secretsMount } from './mounts.ts'
import type { PauseImage } from './pause-image.ts'
import { SOCKETS_PATH } from './programs/pause-program.ts'
import type { TmpfsNoswap } from './tmpfs-noswap.ts'

export interface SecretsLenderOptions {
  docker: DockerApi
  containers: Containers
  pause: PauseImage
  noswap: Pick<TmpfsNoswap, 'isPossible'>
  owner: Ownership
}

/** A container that has a volume in memory for Secrets, until the loan is ended. */
export interface Loan {
  containerId: string
  end(): Promise<void>
}

/**
 * Lends a volume in memory to a container whose sandbox has none: one that was added to a running Pod, say. What the container
 * mounts of it stays when it has started, so that it is enough to lend it until then. Who lends it is a container of our own
 * whose program ends with its stdin, and so with the agent.
 */
export class SecretsLender {
  readonly #options: SecretsLenderOptions

  constructor(options: SecretsLenderOptions) {
    this.#options = options
  }

  async lend(): Promise<Loan> {
    const { docker, containers } = this.#options
    const containerId = await this.#create()
    const release = new AbortController()
    const end = async () => {
      release.abort()
      await containers.remove(containerId)
    }
    try {
      const query = { stream: true, stdin: true }
      await docker.hijack({ method: 'POST', path: `/containers/${containerId}/attach`, query }, release.signal)
      await containers.start(containerId)
    } catch (error) {
      await end().catch(() => undefined)
      throw error
    }
    return { containerId, end }
  }

  async #create(): Promise<string> {
    const { containers, pause, noswap, owner } = this.#options
    await pause.ensure()
    return containers.createNamed(undefined, {
      Image: pause.reference,
      Labels: { ...ownerLabels(owner), [LABELS.kind]: 'probe' },
      Entrypoint: [SOCKETS_PATH],
      OpenStdin: true,
      StdinOnce: true,
      NetworkDisabled: true,
      HostConfig: {
        NetworkMode: 'none',
        AutoRemove: true,
        Mounts: [secretsMount({}, owner, await noswap.isPossible())],
        LogConfig: { Type: 'none' },
      },
    })
  }
}
