import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { SHORT_MEMORY } from '../conntrack/short-memory.ts'
import type { AddressNews } from '../netlink/address-news.ts'
import type { Link } from '../netlink/links.ts'
import { type PodNetwork, podNetwork } from '../pod-network.ts'
import type { SocketRelays } from '../socket-relays.ts'
import type { FabricState } from './fabric-state.ts'
import { GoneNeighbours } from './gone-neighbours.ts'
import { keepContainer } from './kept-container.ts'
import { moveToBridge, remakeBridge } from './lost-bridge.ts'
import { PodLinks } from './pod-links.ts'
import { setPodMtu } from './pod-mtu.ts'
import { gatewaySpec, openGateway } from './service-gateway.ts'
import { type CoveredContainer, Shortcuts } from './shortcuts.ts'
import { type MachineNetwork, Uplink } from './uplink.ts'

export interface NodeNetworkOptions {
  runtime: Runtime
  relays: SocketRelays
  clusterId: string
  takesShortcuts?: boolean | undefined
  clock: Clock
  log: Logger
  onDamage: () => void
  onAddress?: (news: AddressNews) => void
  onGateway?: (containerId: string, address: string) => void
}

/** No link has this index. */
const GONE = 0

/** Makes one node's part of the network so, step by step; what is so already stays as it is. */
export class NodeNetwork {
  readonly shortcuts: Shortcuts
  readonly links: PodLinks
  readonly #options: NodeNetworkOptions
  readonly #uplink: Uplink
  readonly #neighbours: GoneNeighbours
  #network: PodNetwork | undefined
  /** Its index, as it was last seen. */
  #bridge: number | undefined
  #hasIPv6 = false
  #gatewayId = ''
  #tracksConnections = false
  /** The gateway that was opened, and for whom. */
  #opened = ''
  #arePodsBehind = false

  constructor(options: NodeNetworkOptions) {
    this.#options = options
    this.#uplink = new Uplink({ ...options, isKept: (name) => this.links.isKept(name) })
    this.links = new PodLinks({ ...options, uplink: this.#uplink })
    this.shortcuts = new Shortcuts(options)
    this.#neighbours = new GoneNeighbours(options)
  }

  /** As `SandboxLinks.sysctls`: a link has no IPv6, as no address of it is given, and routers could be anybody. */
  get sysctls(): Readonly<Record<string, string>> {
    return {
      ...(this.#hasIPv6 ? { 'net.ipv6.conf.default.disable_ipv6': '1' } : {}),
      ...(this.#tracksConnections ? SHORT_MEMORY : {}),
    }
  }

  /** Afterwards Pods can be given addresses and links. Resolves with what `connect` needs. */
  async join(state: FabricState, podCIDR: string): Promise<MachineNetwork> {
    const { runtime, clusterId } = this.#options
    const machine = await this.#uplink.look(state)
    const { mtu } = machine
    this.#network = await runtime.ensurePodNetwork(podNetwork(clusterId, podCIDR, state, mtu))
    const links = await this.#linksWith({ ...this.#network, mtu }, machine.links)
    this.#hasIPv6 = links.some(({ hasIPv6 }) => hasIPv6)
    this.#tracksConnections = machine.tracksConnections
    this.links.use({ ...this.#network, mtu })
    const areMended = await this.links.mend(links)
    return { ...machine, links: areMended ? await this.#listLinks() : links }
  }

  /** Docker makes the bridge with the network and when it starts itself, and never again. */
  async #linksWith(network: PodNetwork, known: readonly Link[]): Promise<readonly Link[]> {
    const among = (links: readonly Link[]) => links.find(({ name }) => name === network.bridge)
    let links = among(known) ? known : await this.#listLinks()
    if (!among(links)) {
      this.#options.log.warn({ bridge: network.bridge }, "the bridge of the Pods' network is gone, making it again")
      await remakeBridge(await this.#uplink.links(), network)
      this.#bridge = GONE
      links = await this.#listLinks()
    }
    await this.#useBridge(among(links)?.index ?? GONE)
    return links
  }

  /** Whoever made it: another agent of the machine may have been faster. */
  async #useBridge(index: number): Promise<void> {
    const isAnother = this.#bridge !== undefined && this.#bridge !== index
    if (isAnother) await moveToBridge(await this.#uplink.links(), index, this.#options)
    this.#bridge = index
  }

  async #listLinks(): Promise<Link[]> {
    return (await this.#uplink.links()).list()
  }

  /** After `join`. `isNews` as for `Tunnel.make`. */
  async connect(state: FabricState, podCIDR: string, machine: MachineNetwork, isNews: boolean): Promise<void> {
    await this.#keepGateway(state, podCIDR)
    await this.#connectMachine(state, machine, isNews)
    await this.#neighbours.clear(state, isNews)
  }

  async #keepGateway(state: FabricState, podCIDR: string): Promise<void> {
    const { runtime, relays, onGateway } = this.#options
    const askers = [this.#network?.gateway, state.own.address].filter((address) => address !== undefined)
    const spec = gatewaySpec(podCIDR, this.sysctls)
    const id = await keepContainer(runtime, spec)
    this.#coverGateway({ id, ip: spec.network.address, publishedPorts: [] })
    const opening = JSON.stringify([id, state.serviceCIDR, askers])
    if (opening === this.#opened) return
    await openGateway(await relays.of(id), state.serviceCIDR, askers)
    this.#opened = opening
    onGateway?.(id, spec.network.address)
  }

  #coverGateway(gateway: CoveredContainer): void {
    if (this.#gatewayId !== gateway.id) this.shortcuts.uncover(this.#gatewayId)
    this.#gatewayId = gateway.id
    this.shortcuts.cover(gateway)
  }

  async #connectMachine(state: FabricState, machine: MachineNetwork, isNews: boolean): Promise<void> {
    const { runtime, relays } = this.#options
    // While it is not known which machine this one is, the tunnel that there is stays.
    const isKnown = state.own.address !== undefined
    const hasChanged = await this.#uplink.make(state, machine, isNews && isKnown)
    this.shortcuts.keep({ uplinkId: this.#uplink.containerId, state })
    this.#arePodsBehind ||= hasChanged
    if (!this.#arePodsBehind) return
    await setPodMtu(runtime, relays, machine.mtu)
    this.#arePodsBehind = false
  }
}
