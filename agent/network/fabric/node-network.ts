import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { networkName, type PodNetwork, podNetwork } from '../pod-network.ts'
import type { SocketRelays } from '../socket-relays.ts'
import { type FabricState, otherMachines } from './fabric-state.ts'
import { keepContainer } from './kept-container.ts'
import { setPodMtu } from './pod-links.ts'
import { gatewaySpec, openGateway } from './service-gateway.ts'
import { Shortcuts } from './shortcuts.ts'
import { type MachineNetwork, UPLINK, Uplink } from './uplink.ts'

export interface NodeNetworkOptions {
  runtime: Runtime
  relays: SocketRelays
  clusterId: string
  clock: Clock
  log: Logger
  onDamage: () => void
  onGateway?: (containerId: string, address: string) => void
}

/** Makes one node's part of the network so, step by step; what is so already stays as it is. */
export class NodeNetwork {
  readonly shortcuts: Shortcuts
  readonly #options: NodeNetworkOptions
  readonly #uplink: Uplink
  #network: PodNetwork | undefined
  #machine: MachineNetwork | undefined
  /** The gateway that was opened, and for whom. */
  #opened = ''
  #arePodsBehind = false

  constructor(options: NodeNetworkOptions) {
    this.#options = options
    this.#uplink = new Uplink(options)
    this.shortcuts = new Shortcuts(options)
  }

  /** Afterwards Pods can be given addresses. */
  async join(state: FabricState, podCIDR: string): Promise<void> {
    const { runtime, clusterId } = this.#options
    const there = await runtime.podNetwork(networkName(clusterId))
    const isTunnelled = otherMachines(state).length > 0
    this.#machine = isTunnelled || !there ? await this.#uplink.look(state) : undefined
    const mtu = this.#machine?.mtu ?? there?.mtu ?? 0
    this.#network = await runtime.ensurePodNetwork(podNetwork(clusterId, podCIDR, state, mtu))
  }

  /** After `join`. `isNews` as for `Tunnel.make`. */
  async connect(state: FabricState, podCIDR: string, isNews: boolean): Promise<void> {
    await this.#keepGateway(state, podCIDR)
    if (this.#machine) await this.#connectMachine(state, this.#machine, isNews)
    // While it is not known which machine this one is, what there is stays.
    const isAlone = state.own.address !== undefined && otherMachines(state).length === 0
    if (isAlone) await this.#withdraw(state, isNews)
  }

  async #keepGateway(state: FabricState, podCIDR: string): Promise<void> {
    const { runtime, relays, onGateway } = this.#options
    const askers = [this.#network?.gateway, state.own.address].filter((address) => address !== undefined)
    const spec = gatewaySpec(podCIDR)
    const id = await keepContainer(runtime, spec)
    const opening = JSON.stringify([id, state.serviceCIDR, askers])
    if (opening === this.#opened) return
    await openGateway(await relays.of(id), state.serviceCIDR, askers)
    this.#opened = opening
    onGateway?.(id, spec.network.address)
  }

  async #connectMachine(state: FabricState, machine: MachineNetwork, isNews: boolean): Promise<void> {
    const { runtime, relays } = this.#options
    const hasChanged = await this.#uplink.make(state, machine, isNews)
    if (otherMachines(state).length > 0) this.shortcuts.keep({ uplinkId: this.#uplink.containerId, state })
    this.#arePodsBehind ||= hasChanged
    if (!this.#arePodsBehind) return
    await setPodMtu(runtime, relays, machine.mtu)
    this.#arePodsBehind = false
  }

  /** With no other machine there is nothing to do in this one's network. */
  async #withdraw(state: FabricState, isNews: boolean): Promise<void> {
    const { runtime } = this.#options
    if (!(await runtime.networkContainers()).some(({ name }) => name === UPLINK)) return
    await this.shortcuts.cease()
    if (!this.#machine) await this.#uplink.make(state, await this.#uplink.look(state), isNews)
    await this.#uplink.drop()
  }
}
