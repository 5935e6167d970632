import type { Clock } from '../../../shared/clock.ts'
import type { NetworkContainer, NetworkContainerSpec, NetworkScope } from '../network-container.ts'
import { changedLabels } from './container-changes.ts'
import { networkContainerConfig } from './container-config.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { LABELS, type Labels, labelFilter, type Ownership, ownerLabels } from './labels.ts'
import type { Networks } from './networks.ts'
import type { OomProtection } from './oom-protection.ts'
import type { PauseImage } from './pause-image.ts'

export interface NetworkContainersOptions {
  docker: DockerApi
  containers: Containers
  networks: Networks
  pause: PauseImage
  oom: OomProtection
  owner: Ownership
  clock: Clock
}

interface Listed {
  Id: string
  State: string
  Labels: Labels
  NetworkSettings?: { Networks?: Record<string, { IPAddress?: string }> | null }
}

/** Containers that hold a network namespace for the node itself. They run the program of sandboxes. */
export class NetworkContainers {
  readonly #options: NetworkContainersOptions

  constructor(options: NetworkContainersOptions) {
    this.#options = options
  }

  /** What it needs and was removed by somebody since is made again. */
  async run(spec: NetworkContainerSpec): Promise<string> {
    const { pause, networks, oom } = this.#options
    const run = () => oom.run((oomScoreAdj) => this.#runOnce(spec, oomScoreAdj))
    try {
      return await run()
    } catch (error) {
      if (!isFailure(error, 'notFound')) throw error
      pause.forget()
      networks.forget()
      return run()
    }
  }

  async list(scope: NetworkScope = 'node'): Promise<NetworkContainer[]> {
    const { docker } = this.#options
    const labels = { ...this.#labelsOf(scope), [LABELS.kind]: 'network-container' }
    const query = { all: true, filters: { label: labelFilter(labels) } }
    const found = await docker.json<Listed[]>({ method: 'GET', path: '/containers/json', query })
    return found.map(stateOf)
  }

  async *events(signal: AbortSignal, scope: NetworkScope = 'node'): AsyncGenerator<{ name: string }> {
    const { docker, clock } = this.#options
    const labels = this.#labelsOf(scope)
    for await (const name of changedLabels(docker, labels, LABELS.networkContainer, clock, signal)) yield { name }
  }

  #labelsOf(scope: NetworkScope): Labels {
    const { owner } = this.#options
    return scope === 'node' ? ownerLabels(owner) : { [LABELS.cluster]: owner.clusterId }
  }

  async #runOnce(spec: NetworkContainerSpec, oomScoreAdj: number): Promise<string> {
    const { containers, networks, pause, owner } = this.#options
    const joining = spec.network === 'host' ? undefined : networks.join(spec.network.address)
    const [network] = await Promise.all([joining, pause.ensure()])
    const config = networkContainerConfig(spec, owner, pause.reference, network, oomScoreAdj)
    const id = await containers.createNamed(containerName(spec, owner), config)
    try {
      await containers.start(id)
      return id
    } catch (error) {
      // One that stays is found by its name, and replaced.
      await containers.remove(id).catch(() => undefined)
      throw error
    }
  }
}

/** The same each time: Docker itself refuses a second one. */
function containerName({ name }: NetworkContainerSpec, { clusterId, nodeName }: Ownership): string {
  return `kubette_${name}_${nodeName}_${clusterId.slice(0, 8)}`
}

function stateOf({ Id, State, Labels, NetworkSettings }: Listed): NetworkContainer {
  const running = State === 'running'
  const ip = Object.values(NetworkSettings?.Networks ?? {}).find(({ IPAddress }) => IPAddress)?.IPAddress
  return { id: Id, name: Labels[LABELS.networkContainer] ?? '', running, ...(running && ip ? { ip } : {}) }
}
