import { messageOf } from '../../../shared/error-message.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Logger } from '../../../shared/log.ts'
import { type Runtime, RuntimeFailure, type SandboxState } from '../../runtime/runtime.ts'
import { type Link, Links } from '../netlink/links.ts'
import { askNeighboursOften } from '../netlink/neighbours.ts'
import { NetlinkError } from '../netlink/netlink-error.ts'
import { Routes } from '../netlink/routes.ts'
import { NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { macAddressOf, POD_LINK, type PodNetwork } from '../pod-network.ts'
import type { SocketRelays } from '../socket-relays.ts'
import type { Uplink } from './uplink.ts'

export interface PodLinksOptions {
  runtime: Pick<Runtime, 'list'>
  relays: Pick<SocketRelays, 'of'>
  uplink: Pick<Uplink, 'links' | 'drop'>
  log: Logger
}

interface KeptLink {
  sandbox: SandboxState
  /** Absent for that of an earlier agent, which may not have come to it. */
  making?: Promise<void>
  isMade: boolean
}

/** A sandbox that the agent links. */
type Linkable = SandboxState & { ip: string; process: number }

const SHOWN_ID = 12

/**
 * The links of sandboxes to the Pods' network: pairs, one end a port of the bridge, the other in the sandbox. Docker would
 * make the same, at three times the cost. They go with the sandbox's network namespace.
 */
export class PodLinks {
  readonly #options: PodLinksOptions
  readonly #kept = new Map<string, KeptLink>()
  #network: PodNetwork | undefined

  constructor(options: PodLinksOptions) {
    this.#options = options
  }

  /** From now on links are made so. */
  use(network: PodNetwork): void {
    this.#network = network
  }

  /** As `SandboxLinks.join`. */
  join(sandbox: SandboxState): Promise<void> {
    if (!isLinkable(sandbox)) return Promise.resolve()
    const known = this.#kept.get(sandbox.id)
    // Another process of the same sandbox has another namespace.
    if (known?.making && known.sandbox.process === sandbox.process) return known.making
    // It had its link of an earlier agent, most likely: what runs in it need not wait for the network.
    if (known && !this.#network) return Promise.resolve()
    const making = this.#make(sandbox)
    const kept: KeptLink = { sandbox, making, isMade: false }
    this.#kept.set(sandbox.id, kept)
    const made = () => {
      kept.isMade = true
    }
    making.then(made, () => delete kept.making)
    return making
  }

  /** It runs since an earlier agent: `mend` sees to its link. */
  adopt(sandbox: SandboxState): void {
    if (isLinkable(sandbox) && !this.#kept.has(sandbox.id)) this.#kept.set(sandbox.id, { sandbox, isMade: false })
  }

  /** The sandbox is to end, and its link with it. */
  leave(sandboxId: string): void {
    this.#kept.delete(sandboxId)
  }

  /** Whether this is the machine's end of a link that should be there. */
  isKept(name: string): boolean {
    return [...this.#kept.values()].some(({ sandbox, isMade }) => isMade && linkName(sandbox) === name)
  }

  /**
   * Makes what is missing of these, all of the machine's links, and has what is there on the bridge. True where there was
   * anything to do. What cannot be mended is told of, and tried again by the next call.
   */
  async mend(links: readonly Link[]): Promise<boolean> {
    const there = new Map(links.map((link) => [link.name, link]))
    const bridge = there.get(this.#network?.bridge ?? '')
    let isAny = false
    for (const kept of [...this.#kept.values()]) {
      if (kept.making && !kept.isMade) continue
      const link = there.get(linkName(kept.sandbox))
      if (link && kept.isMade && (!bridge || link.master === bridge.index)) continue
      isAny = true
      try {
        if (link && kept.isMade) await this.#putOn(bridge, link)
        else await this.#remake(kept)
      } catch (err) {
        this.#options.log.warn({ err, pod: kept.sandbox.pod }, 'the link of a Pod is not as it should be')
      }
    }
    return isAny
  }

  async #putOn(bridge: Link | undefined, { index }: Link): Promise<void> {
    if (!bridge) return
    const links = await this.#options.uplink.links()
    await links.change(index, { master: bridge.index, up: true })
  }

  async #remake({ sandbox }: KeptLink): Promise<void> {
    const { sandboxes } = await this.#options.runtime.list(sandbox.pod.uid)
    const now = sandboxes.find(({ id }) => id === sandbox.id)
    this.leave(sandbox.id)
    if (now?.running) await this.join(now)
  }

  async #make(sandbox: Linkable): Promise<void> {
    try {
      if (!this.#network) throw new Error('the network is not known yet')
      await this.#connect(sandbox, this.#network)
    } catch (error) {
      // One that an older agent made does not see the processes of others.
      if (isRefusal(error, 'ESRCH')) await this.#options.uplink.drop()
      const why = messageOf(error)
      throw new RuntimeFailure('failed', `could not link the sandbox to the network: ${why}`, error)
    }
  }

  async #connect(sandbox: Linkable, network: PodNetwork): Promise<void> {
    const relay = await this.#options.relays.of(sandbox.id)
    await withNetlink(relay, NETLINK_ROUTE, async (client) => {
      const inside = new Links(client)
      const link = await this.#pairUp(sandbox, network, inside)
      await inside.change(link.index, { up: true })
      await askNeighboursOften(client, link.index)
      await inside.addAddress(link.index, sandbox.ip, Ipv4Range.parse(network.subnet))
      await new Routes(client).addDefault(network.gateway)
    })
  }

  /** Resolves with the sandbox's end. */
  async #pairUp(sandbox: Linkable, { bridge, mtu }: PodNetwork, inside: Links): Promise<Link> {
    const links = await this.#options.uplink.links()
    const master = (await links.find(bridge))?.index
    if (master === undefined) throw new Error(`there is no bridge ${bridge}`)
    const name = linkName(sandbox)
    const peer = { name: POD_LINK, mac: macAddressOf(sandbox.ip), process: sandbox.process }
    const create = () => links.createPair(name, { mtu, master }, peer)
    try {
      await create()
    } catch (error) {
      if (!isRefusal(error, 'EEXIST')) throw error
      const there = await inside.find(POD_LINK)
      if (there) return there
      // It leads to where the sandbox was before it was started again.
      const stale = await links.find(name)
      if (stale) await links.delete(stale.index)
      await create()
    }
    const made = await inside.find(POD_LINK)
    if (!made) throw new Error(`there is no ${POD_LINK} in the sandbox`)
    return made
  }
}

function isLinkable(sandbox: SandboxState): sandbox is Linkable {
  return sandbox.ip !== undefined && sandbox.process !== undefined
}

function linkName({ id }: SandboxState): string {
  return `kbl${id.slice(0, SHOWN_ID)}`
}

function isRefusal(error: unknown, code: string): boolean {
  return error instanceof NetlinkError && error.code === code
}
