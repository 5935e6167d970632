import { type ContainerSpec, RuntimeFailure } from '../runtime.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { LABELS, type Ownership, ownerLabels } from './labels.ts'
import type { PauseImage } from './pause-image.ts'
import { SYSFS_PATH } from './programs/sysfs-program.ts'
import { runToEnd } from './run-to-end.ts'

export interface WritableSysfsOptions {
  docker: DockerApi
  containers: Containers
  pause: PauseImage
  owner: Ownership
}

/**
 * The `/sys` of a Pod's network for a privileged container in a sandbox that is not, as `kubectl debug` adds one: all
 * mounts of it are as writable as the first, the sandbox's, whatever their own flags say. A container of our own, which is
 * privileged, too, and has the same network, makes it writable for those that mount it so. Others go on mounting it read-only.
 */
export class WritableSysfs {
  readonly #options: WritableSysfsOptions

  constructor(options: WritableSysfsOptions) {
    this.#options = options
  }

  /** For the containers of `spec` that are privileged. */
  async provide({ sandboxId, securityContext }: ContainerSpec): Promise<void> {
    if (!securityContext?.privileged || (await this.#isGiven(sandboxId))) return
    const { docker, containers, pause } = this.#options
    await pause.ensure()
    const exitCode = await runToEnd(docker, containers, await this.#create(sandboxId))
    if (exitCode !== 0) throw new RuntimeFailure('failed', 'cannot make /sys of the Pod’s network writable')
  }

  /** By a privileged sandbox, or as the machine's own. */
  async #isGiven(sandboxId: string): Promise<boolean> {
    const found = await this.#options.containers.inspect(sandboxId)
    return found?.HostConfig.Privileged === true || found?.HostConfig.NetworkMode === 'host'
  }

  #create(sandboxId: string): Promise<string> {
    const { containers, owner, pause } = this.#options
    return containers.createNamed(undefined, {
      Image: pause.reference,
      Labels: { ...ownerLabels(owner), [LABELS.kind]: 'probe' },
      Entrypoint: [SYSFS_PATH],
      HostConfig: {
        NetworkMode: `container:${sandboxId}`,
        Privileged: true,
        AutoRemove: true,
        LogConfig: { Type: 'none', Config: {} },
      },
    })
  }
}
