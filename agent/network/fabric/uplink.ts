import type { Runtime } from '../../runtime/runtime.ts'
import { tracksConnections } from '../conntrack/short-memory.ts'
import { ADDRESS_GROUPS, type AddressNews, addressNews } from '../netlink/address-news.ts'
import { ForwardingRows } from '../netlink/forwarding-rows.ts'
import { type Link, Links, linkOf, RTM_DELLINK, RTM_NEWLINK, RTNLGRP_LINK } from '../netlink/links.ts'
import { NetlinkClient } from '../netlink/netlink-client.ts'
import type { ReceivedMessage } from '../netlink/netlink-message.ts'
import { Routes } from '../netlink/routes.ts'
import { NETLINK_NETFILTER, NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { bridgeName, tunnelName } from '../pod-network.ts'
import type { SocketRelays } from '../socket-relays.ts'
import { type FabricState, otherMachines } from './fabric-state.ts'
import { dropContainer, keepContainer } from './kept-container.ts'
import { findPath, type Path } from './path.ts'
import { Tunnel } from './tunnel.ts'

export const UPLINK = 'uplink'
/** No link has this index. */
const NONE = 0

export interface UplinkOptions {
  runtime: Pick<Runtime, 'networkContainers' | 'runNetworkContainer' | 'removeNetworkContainer'>
  relays: SocketRelays
  clusterId: string
  /** Something of ours in the machine's network is not as it was left. */
  onDamage: () => void
  onAddress?: (news: AddressNews) => void
  /** Whether a link of this name is one of ours that should be there. */
  isKept: (name: string) => boolean
}

/** What there is in the machine's network. */
export interface MachineNetwork extends Path {
  links: readonly Link[]
  /** IPv4 addresses with the index of their link. */
  addresses: ReadonlyMap<string, number>
  /** As `tracksConnections`. */
  tracksConnections: boolean
}

/** What one container is used for. */
interface Hand {
  links: Links
  routes: Routes
  tunnel: Tunnel
  tracksConnections: boolean
}

interface Left extends Path {
  /** The index of the Pods' bridge. */
  bridge: number
}

/**
 * The node's hand in the machine's own network namespace: a container that does nothing but hold sockets there. With it the
 * tunnel is made and the machine's ends of Pods' links, and nothing is changed that is not ours.
 */
export class Uplink {
  readonly #options: UplinkOptions
  #containerId = ''
  #hand: Hand | undefined
  #opening: Promise<Hand> | undefined
  /** What was left so: anything else is damage. */
  #left: Left | undefined

  constructor(options: UplinkOptions) {
    this.#options = options
  }

  /** The container; empty before the first look. */
  get containerId(): string {
    return this.#containerId
  }

  /** Those of the machine's network. */
  async links(): Promise<Links> {
    return (this.#hand ?? (await this.#open())).links
  }

  async look(state: FabricState): Promise<MachineNetwork> {
    const { links, routes, tracksConnections } = await this.#open()
    const there = { links: await links.list(), addresses: await links.addresses(), routes }
    return { ...there, tracksConnections, ...(await findPath(there, otherMachines(state), state.own.address)) }
  }

  /** As `Tunnel.make`; links of Pods and their bridge get the MTU too. True where any had another. */
  async make(state: FabricState, machine: MachineNetwork, isNews: boolean): Promise<boolean> {
    const { clusterId } = this.#options
    const { mtu, ways, addresses, links: there } = machine
    const { links, tunnel } = this.#hand ?? (await this.#open())
    const { address } = state.own
    const local = address !== undefined && addresses.has(address) ? { local: address } : {}
    const machines = otherMachines(state)
    await tunnel.make({ machines, mtu, ...local }, there, isNews)
    const bridge = there.find(({ name }) => name === bridgeName(clusterId))
    const others = there.filter((link) => bridge && isOf(bridge, link) && link.mtu !== mtu)
    // Ports first: the kernel fits a bridge to the least of them.
    for (const { index } of others.sort((a) => (a === bridge ? 1 : -1))) await links.change(index, { mtu })
    this.#left = { bridge: bridge?.index ?? NONE, mtu, ways }
    return others.length > 0
  }

  async drop(): Promise<void> {
    this.#close()
    await dropContainer(this.#options.runtime, UPLINK)
  }

  /** By the container that runs, which is looked for or made anew. */
  #open(): Promise<Hand> {
    this.#opening ??= this.#openOnce().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #openOnce(): Promise<Hand> {
    const { runtime, relays, clusterId, onDamage } = this.#options
    const id = await keepContainer(runtime, { name: UPLINK, network: 'host' })
    if (id !== this.#containerId) this.#close()
    if (this.#hand) return this.#hand
    const relay = await relays.of(id)
    const isTracking = await withNetlink(relay, NETLINK_NETFILTER, tracksConnections)
    const client = new NetlinkClient(await relay.netlink(NETLINK_ROUTE))
    const ear = new NetlinkClient(await relay.netlink(NETLINK_ROUTE, [RTNLGRP_LINK, ...ADDRESS_GROUPS]))
    ear.onNotification((message) => this.#notice(message), onDamage)
    void relay.closed.then(() => {
      if (this.#containerId !== id) return
      this.#close()
      onDamage()
    })
    const links = new Links(client)
    const tunnel = new Tunnel(clusterId, links, new ForwardingRows(client))
    this.#containerId = id
    this.#hand = { links, routes: new Routes(client), tunnel, tracksConnections: isTracking }
    return this.#hand
  }

  #close(): void {
    this.#containerId = ''
    this.#hand = undefined
    this.#left = undefined
  }

  #notice(message: ReceivedMessage): void {
    const { type, payload } = message
    const news = addressNews(message)
    if (news) this.#options.onAddress?.(news)
    if (type !== RTM_NEWLINK && type !== RTM_DELLINK) return
    if (this.#left && this.#isDamage(linkOf(payload), type === RTM_DELLINK, this.#left)) this.#options.onDamage()
  }

  #isDamage(link: Link, isGone: boolean, { bridge, mtu, ways }: Left): boolean {
    const { clusterId, isKept } = this.#options
    const wayMtu = ways.get(link.index)
    if (wayMtu !== undefined) return isGone || link.mtu !== wayMtu
    if (link.name === tunnelName(clusterId)) return isGone || !link.up || link.master !== bridge || link.mtu !== mtu
    if (link.name === bridgeName(clusterId)) return isGone || link.index !== bridge
    return isGone ? isKept(link.name) : link.master === bridge && link.mtu !== mtu
  }
}

function isOf(bridge: Link, { index, master, vxlan }: Link): boolean {
  return index === bridge.index || (master === bridge.index && !vxlan)
}
