import type { Logger } from '../../../shared/log.ts'
import { RuntimeFailure, type SandboxSpec, type SandboxState, type VolumeSpec } from '../runtime.ts'
import { refuseUnlinkable } from '../sandbox.ts'
import { sandboxConfig, sandboxName } from './container-config.ts'
import { sandboxState } from './container-inspect.ts'
import type { Containers } from './containers.ts'
import { isFailure } from './docker-failure.ts'
import type { HostPaths } from './host-paths.ts'
import type { Ownership } from './labels.ts'
import type { Networks } from './networks.ts'
import type { OomProtection } from './oom-protection.ts'
import type { PauseImage } from './pause-image.ts'
import type { SandboxFiles } from './sandbox-files.ts'
import type { TmpfsNoswap } from './tmpfs-noswap.ts'
import type { VolumeOwnership } from './volume-ownership.ts'
import type { Volumes } from './volumes.ts'

export interface SandboxesOptions {
  containers: Containers
  volumes: Volumes
  ownership: VolumeOwnership
  files: SandboxFiles
  owner: Ownership
  networks: Networks
  hostPaths: Pick<HostPaths, 'read'>
  pause: PauseImage
  oom: OomProtection
  noswap: Pick<TmpfsNoswap, 'isPossible'>
  log: Logger
}

/** The kernel takes no longer argument than 128 KiB, and the Pod's own lines are in it, too. */
const MOST_HOSTS_BYTES = 100_000

/** Makes sandboxes: a container of the pause program that holds a Pod's network, IPC namespace and volumes. */
export class Sandboxes {
  readonly #options: SandboxesOptions

  constructor(options: SandboxesOptions) {
    this.#options = options
  }

  /** What it needs and was removed by somebody since is made again. */
  async run(spec: SandboxSpec): Promise<SandboxState> {
    refuseUnlinkable(spec)
    const { volumes, ownership } = this.#options
    const created = await volumes.createMissing(spec.pod, spec.volumes)
    try {
      for (const volume of spec.volumes) if (!created.includes(volume)) await ownership.give(volume)
      return await this.#runOnce(spec, created)
    } catch (error) {
      // The next try shall find them new again.
      await volumes.discardClaims(created)
      throw error
    }
  }

  async #runOnce(spec: SandboxSpec, created: VolumeSpec[]): Promise<SandboxState> {
    const { pause, networks, oom } = this.#options
    const run = () => oom.run((oomScoreAdj) => this.#start(spec, created, oomScoreAdj))
    try {
      return await run()
    } catch (error) {
      if (!isFailure(error, 'notFound')) throw error
      pause.forget()
      networks.forget()
      return run()
    }
  }

  async #start(spec: SandboxSpec, created: VolumeSpec[], oomScoreAdj: number): Promise<SandboxState> {
    const { containers, volumes, owner, pause, networks, noswap } = this.#options
    const joining = spec.hostNetwork || spec.linkedBy === 'agent' ? undefined : networks.join(spec.address)
    const [network, machineHosts] = await Promise.all([joining, this.#machineHosts(spec), pause.ensure()])
    const details = { image: pause.reference, network, oomScoreAdj, machineHosts, noswap: await noswap.isPossible() }
    const config = sandboxConfig(spec, owner, details)
    const id = await containers.createNamed(sandboxName(spec.pod), config)
    try {
      await volumes.open(id, created)
      await containers.start(id)
      return await this.#started(id)
    } catch (error) {
      await this.#discard(id)
      throw error
    }
  }

  /** Where a Pod on the machine's network adds something to it. */
  async #machineHosts({ hostNetwork, hosts }: SandboxSpec): Promise<string | undefined> {
    if (!hostNetwork || hosts.length === 0) return undefined
    return this.#options.hostPaths.read('/etc/hosts', MOST_HOSTS_BYTES)
  }

  async #started(id: string): Promise<SandboxState> {
    const found = await this.#options.containers.inspect(id)
    if (!found?.State.Running) throw new RuntimeFailure('failed', 'the sandbox ended as soon as it was started')
    this.#options.files.remember(found)
    return sandboxState(found)
  }

  async #discard(id: string): Promise<void> {
    const { containers, log } = this.#options
    await containers.remove(id).catch((err: unknown) => log.warn({ err, id }, 'could not remove a sandbox that failed'))
  }
}
