import type { Clock, Timer } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Logger } from '../../../shared/log.ts'
import { WakeLoop } from '../../wake-loop.ts'
import { type Link, Links } from '../netlink/links.ts'
import { NETLINK_NETFILTER, NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { encodeRemoval, encodeTable } from '../nftables/encode-change.ts'
import { WrittenTable } from '../nftables/written-table.ts'
import { bridgeName, POD_LINK, tunnelName } from '../pod-network.ts'
import type { SocketRelays } from '../socket-relays.ts'
import type { FabricState } from './fabric-state.ts'
import { shortcutName } from './remove-shortcuts.ts'
import {
  type Forwarder,
  type LinkName,
  type ShortcutTunnel,
  type ShortcutWays,
  shortcutTable,
} from './shortcut-table.ts'

export interface ShortcutsOptions {
  readonly relays: SocketRelays
  readonly clusterId: string
  /** Without them the table of an earlier agent is taken away. */
  readonly takesShortcuts?: boolean | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** Where they are made: `uplinkId` is the container in the machine's own network. */
interface Place {
  readonly uplinkId: string
  readonly state: FabricState
}

/** A container on the Pods' bridge. */
export interface CoveredContainer {
  readonly id: string
  /** Absent where it is not on the bridge: nothing is covered then. */
  readonly ip?: string | undefined
  /** Of one that leads on to Pods what comes to it, the ports that Docker publishes. */
  readonly publishedPorts?: readonly number[]
}

interface Covered extends Pick<CoveredContainer, 'publishedPorts'> {
  readonly address: string
  /** The index of the machine's end of its link, as far as it was asked. */
  link?: number
}

/** Pods often come and go several at a time. */
const DELAY_MS = 100

/**
 * Keeps the table of a node that spares packets between its containers, and those of other machines, the way over the
 * bridge. Nothing depends on it: a container that it does not know goes the long way.
 */
export class Shortcuts {
  readonly #options: ShortcutsOptions
  readonly #covered = new Map<string, Covered>()
  readonly #loop: WakeLoop
  readonly #table = new WrittenTable()
  #place: Place | undefined
  #delay: Timer | undefined
  #complaint = ''

  constructor(options: ShortcutsOptions) {
    this.#options = options
    this.#loop = new WakeLoop({
      clock: options.clock,
      pass: () => this.#pass(),
      onFault: (error) => this.#failed(error),
    })
  }

  cover({ id, ip, publishedPorts }: CoveredContainer): void {
    if (this.#options.takesShortcuts === false || ip === undefined) return
    if (this.#covered.get(id)?.address === ip) return
    this.#covered.set(id, { address: ip, ...(publishedPorts && { publishedPorts }) })
    this.#wakeSoon()
  }

  uncover(containerId: string): void {
    if (this.#covered.delete(containerId)) this.#wakeSoon()
  }

  /** The bridge or the tunnel may be another one than before. */
  keep(place: Place): void {
    this.#place = place
    this.#loop.wake()
  }

  /** Leaves what there is as it is. */
  stop(): void {
    this.#delay?.cancel()
    this.#loop.stop()
  }

  #wakeSoon(): void {
    this.#delay ??= this.#options.clock.after(DELAY_MS, () => {
      this.#delay = undefined
      this.#loop.wake()
    })
  }

  async #pass(): Promise<number> {
    if (this.#place) await this.#write(this.#place)
    this.#complaint = ''
    return Number.POSITIVE_INFINITY
  }

  async #write({ uplinkId, state }: Place): Promise<void> {
    const { relays, clusterId, takesShortcuts = true } = this.#options
    const { podCIDR } = state.own
    if (podCIDR === undefined) return
    const name = shortcutName(clusterId, podCIDR)
    const ways = takesShortcuts ? await this.#ways(Ipv4Range.parse(podCIDR), { uplinkId, state }) : undefined
    const messages = () => {
      if (!ways) return encodeRemoval({ name, family: 'netdev' })
      const { frame, contents } = shortcutTable(name, ways)
      return encodeTable(frame, contents)
    }
    const relay = await relays.of(uplinkId)
    const text = JSON.stringify([name, ways && waysText(ways)])
    await withNetlink(relay, NETLINK_NETFILTER, (client) => this.#table.write(client, text, messages))
  }

  async #ways(range: Ipv4Range, { uplinkId, state }: Place): Promise<ShortcutWays> {
    const links = await this.#links(uplinkId)
    const tunnel = this.#tunnel(state, links)
    return { ...(await this.#ends(range, links)), ...(tunnel && { tunnel }) }
  }

  #tunnel(state: FabricState, links: readonly Link[]): ShortcutTunnel | undefined {
    const ranges = rangesElsewhere(state)
    const link = links.find(({ name }) => name === tunnelName(this.#options.clusterId))
    return link && ranges.length > 0 ? { name: link.name, index: link.index, ranges } : undefined
  }

  /** Of those containers whose addresses are of the range, and which are on the bridge. */
  async #ends(range: Ipv4Range, links: readonly Link[]): Promise<Pick<ShortcutWays, 'pods' | 'forwarders'>> {
    const bridge = links.find(({ name }) => name === bridgeName(this.#options.clusterId))
    const ports = new Map(links.filter(({ master }) => master === bridge?.index).map((link) => [link.index, link]))
    const pods = new Map<string, LinkName>()
    const forwarders = new Map<string, Forwarder>()
    for (const [id, covered] of this.#covered) {
      if (range.placeOf(covered.address) === undefined) continue
      if (covered.link === undefined || !ports.has(covered.link)) await this.#ask(id, covered)
      const port = ports.get(covered.link ?? 0)
      if (!port) continue
      const { address, publishedPorts } = covered
      if (publishedPorts) forwarders.set(address, { ...port, publishedPorts })
      else pods.set(address, port)
    }
    return { pods, forwarders }
  }

  async #ask(containerId: string, covered: Covered): Promise<void> {
    try {
      const other = (await this.#links(containerId)).find(({ name }) => name === POD_LINK)?.other
      if (other !== undefined) covered.link = other
    } catch {
      // It has ended, or is asked again in the next pass.
    }
  }

  async #links(containerId: string): Promise<Link[]> {
    const relay = await this.#options.relays.of(containerId)
    return withNetlink(relay, NETLINK_ROUTE, (client) => new Links(client).list())
  }

  /** A kernel that cannot do this is told of once. */
  #failed(error: unknown): void {
    const complaint = messageOf(error)
    if (complaint === this.#complaint) return
    this.#complaint = complaint
    this.#options.log.info({ err: error }, 'what goes between Pods goes by the machine’s bridge and rules')
  }
}

/** The same for the same ways. */
function waysText({ pods, forwarders, tunnel }: ShortcutWays): string {
  const ends = [...pods, ...forwarders].map(([address, { name, index }]) => [address, name, index])
  const published = Array.from(forwarders.values(), ({ publishedPorts }) => publishedPorts)
  return JSON.stringify([pods.size, ends, published, tunnel && [tunnel.name, tunnel.index, tunnel.ranges.map(String)]])
}

/** Where it is not known on which machine a range is, nothing is spared. */
function rangesElsewhere({ own, peers }: FabricState): Ipv4Range[] {
  const elsewhere = peers.filter(({ address }) => address !== undefined && address !== own.address)
  return elsewhere.flatMap(({ podCIDRs }) => podCIDRs.flatMap((range) => Ipv4Range.tryParse(range) ?? []))
}
