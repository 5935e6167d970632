import { createHash } from 'node:crypto'
import type { PodNetwork } from '../../agent/network/pod-network.ts'
import { type NetworkContainer, type NetworkContainerSpec, RuntimeFailure } from '../../agent/runtime/runtime.ts'
import type { SocketRelay } from '../../agent/runtime/socket-relay.ts'
import { Ipv4Range } from '../../shared/ipv4-range.ts'
import { Broadcast } from './broadcast.ts'
import { FakeProcesses } from './fake-processes.ts'
import { FakeSocketRelay } from './fake-sockets.ts'

interface FakeNetworkContainer {
  spec: NetworkContainerSpec
  state: NetworkContainer
}

/** The part of a fake runtime that is about the Pods' network, and the node's own containers in it. */
export abstract class FakeNetworks extends FakeProcesses {
  network: PodNetwork | undefined
  /** By name. */
  readonly networkContainersByName = new Map<string, FakeNetworkContainer>()
  readonly #networkChanges = new Broadcast<{ name: string }>()
  readonly #relays = new Map<string, FakeSocketRelay>()
  #networkContainerIds = 0

  /** Addresses that running sandboxes have. */
  protected abstract sandboxAddresses(): string[]
  /** Which network a running sandbox has. */
  protected abstract networkOf(sandboxId: string): 'own' | 'machine' | undefined

  async podNetwork(name: string): Promise<PodNetwork | undefined> {
    await this.enter('podNetwork', name)
    return this.network?.name === name ? this.network : undefined
  }

  async ensurePodNetwork(network: PodNetwork): Promise<PodNetwork> {
    await this.enter('ensurePodNetwork', network.name)
    const { name, subnet } = this.network ?? network
    if (subnet !== network.subnet) {
      throw new RuntimeFailure('conflict', `network ${name} exists with the range ${subnet}, not ${network.subnet}`)
    }
    this.network ??= network
    return this.network
  }

  async runNetworkContainer(spec: NetworkContainerSpec): Promise<string> {
    await this.enter('runNetworkContainer', spec.name)
    const { name, network } = spec
    if (this.networkContainersByName.has(name)) throw new RuntimeFailure('conflict', `${name} is already in use`)
    const address = network === 'host' ? undefined : this.addressFor(network.address)
    const id = createHash('sha256')
      .update(`network ${name} ${++this.#networkContainerIds}`)
      .digest('hex')
    const state = { id, name, running: true, ...(address === undefined ? {} : { ip: address }) }
    this.networkContainersByName.set(name, { spec, state })
    this.#networkChanges.publish({ name })
    return id
  }

  async networkContainers(): Promise<NetworkContainer[]> {
    await this.enter('networkContainers', '')
    return [...this.networkContainersByName.values()].map(({ state }) => ({ ...state }))
  }

  async removeNetworkContainer(id: string): Promise<void> {
    await this.enter('removeNetworkContainer', id)
    const name = [...this.networkContainersByName.values()].find(({ state }) => state.id === id)?.spec.name
    if (name === undefined) return
    this.networkContainersByName.delete(name)
    this.closeSockets(id)
    this.#networkChanges.publish({ name })
  }

  networkEvents(signal: AbortSignal): AsyncIterable<{ name: string }> {
    return this.#networkChanges.subscribe(signal)
  }

  /** The newest who opens a container's sockets is the only one. */
  async openSockets(id: string, signal: AbortSignal): Promise<SocketRelay> {
    await this.enter('openSockets', id)
    const container = [...this.networkContainersByName.values()].find(({ state }) => state.id === id)
    const network = container?.state.running ? 'own' : this.networkOf(id)
    if (network === undefined) throw new RuntimeFailure('notFound', `No such container runs: ${id}`)
    if (network === 'machine') throw new RuntimeFailure('invalid', 'this container has no socket relay')
    this.closeSockets(id)
    const relay = new FakeSocketRelay()
    this.#relays.set(id, relay)
    signal.addEventListener('abort', () => relay.close(), { once: true })
    if (signal.aborted) relay.close()
    return relay
  }

  /** Its process ends, as if by itself. */
  killNetworkContainer(name: string): void {
    const container = this.networkContainersByName.get(name)
    if (!container) throw new Error(`no network container ${name}`)
    container.state = { id: container.state.id, name, running: false }
    this.closeSockets(container.state.id)
    this.#networkChanges.publish({ name })
  }

  /** The container has ended. */
  protected closeSockets(id: string): void {
    this.#relays.get(id)?.close()
    this.#relays.delete(id)
  }

  /** The one that is asked for, or one that is free. Throws where somebody has it. */
  protected addressFor(wanted: string | undefined): string {
    const own = [...this.networkContainersByName.values()].flatMap(({ state: { ip } }) => ip ?? [])
    const held = new Set([...own, ...this.sandboxAddresses()])
    if (wanted !== undefined) {
      const { subnet } = this.network ?? {}
      const isInside = subnet === undefined || Ipv4Range.parse(subnet).placeOf(wanted) !== undefined
      if (isInside && !held.has(wanted)) return wanted
      throw new RuntimeFailure('failed', isInside ? 'Address already in use' : `no address of ${subnet}: ${wanted}`)
    }
    const range = Ipv4Range.parse(this.network?.subnet ?? '10.244.0.0/16')
    for (let place = 4; place < range.size - 1; place++) if (!held.has(range.at(place))) return range.at(place)
    throw new RuntimeFailure('failed', 'no available IPv4 addresses on this network')
  }
}
