import { createHash } from 'node:crypto'
import { ANYBODY, type ForwardingRows } from '../netlink/forwarding-rows.ts'
import type { Link, Links, Vxlan } from '../netlink/links.ts'
import { NetlinkError } from '../netlink/netlink-error.ts'
import { bridgeName, tunnelName } from '../pod-network.ts'

/** What others use that carry Ethernet in UDP too. */
const UDP_PORT = 8472
const MAX_VXLAN_ID = 2 ** 24 - 1
/**
 * The kernel would take any of 28,000, by the connection in the tunnel: where Docker has the machine keep account of all, as it
 * does, each connection between Pods would be four there. These few are enough to share a machine's queues and lines.
 */
const SOURCE_PORTS = { first: 49_152, count: 64 }

export interface WantedTunnel {
  /** Where the other end of it is: the other machines. Without any there is no tunnel. */
  machines: readonly string[]
  /** This machine's address, where it is one of this machine's own. */
  local?: string
  mtu: number
}

/**
 * The VXLAN device that makes the bridges of a cluster's machines one link. Several agents may keep the same one: all want
 * the same of it.
 */
export class Tunnel {
  readonly #clusterId: string
  readonly #links: Links
  readonly #rows: ForwardingRows

  constructor(clusterId: string, links: Links, rows: ForwardingRows) {
    this.#clusterId = clusterId
    this.#links = links
    this.#rows = rows
  }

  /**
   * `isNews`: the machines are what the control plane says now, and what else the device sends to goes. Otherwise another
   * agent may know more.
   */
  async make(wanted: WantedTunnel, links: readonly Link[], isNews: boolean): Promise<void> {
    const bridge = links.find(({ name }) => name === bridgeName(this.#clusterId))
    const found = links.find(({ name }) => name === tunnelName(this.#clusterId))
    if (wanted.machines.length === 0) {
      if (found && isNews) await this.#links.delete(found.index).catch(isGone)
      return
    }
    // Docker is about to make it again.
    if (!bridge) return
    const device = await this.#device(wanted, found, bridge.index)
    if (!device) return
    const there = await this.#rows.list(device.index)
    const known = new Set(there.filter(({ mac }) => mac === ANYBODY).map(({ machine }) => machine))
    for (const machine of wanted.machines) {
      if (!known.has(machine)) await this.#rows.add(device.index, machine).catch(isThere)
    }
    if (!isNews) return
    // What the device has learnt, too: it would send to a machine's old address until that answers, or for minutes.
    for (const row of there) {
      if (!wanted.machines.includes(row.machine)) await this.#rows.remove(device.index, row).catch(isGone)
    }
  }

  async #device(wanted: WantedTunnel, found: Link | undefined, master: number): Promise<Link | undefined> {
    const { mtu } = wanted
    if (found && isSame(found.vxlan, this.#vxlan(wanted))) {
      const isRight = found.master === master && found.up && found.mtu === mtu
      if (!isRight) await this.#links.change(found.index, { master, up: true, mtu })
      return found
    }
    // Neither its address nor its number can be changed in every kernel.
    if (found) await this.#links.delete(found.index).catch(isGone)
    return this.#create(wanted, master)
  }

  async #create(wanted: WantedTunnel, master: number): Promise<Link | undefined> {
    const name = tunnelName(this.#clusterId)
    const vxlan = { ...this.#vxlan(wanted), sourcePorts: SOURCE_PORTS }
    await this.#links.createVxlan(name, vxlan, { mtu: wanted.mtu, master }).catch(isThere)
    return (await this.#links.list()).find((link) => link.name === name)
  }

  #vxlan({ local }: WantedTunnel): Vxlan {
    return { id: vxlanId(this.#clusterId), port: UDP_PORT, ...(local === undefined ? {} : { local }) }
  }
}

/** The same on all machines, and as good as never that of another cluster. */
function vxlanId(clusterId: string): number {
  return 1 + (createHash('sha256').update(clusterId).digest().readUInt32BE() % MAX_VXLAN_ID)
}

function isSame(a: Vxlan | undefined, b: Vxlan): boolean {
  return a?.id === b.id && a.port === b.port && a.local === b.local
}

/** Another agent of this machine was faster. */
function isThere(error: unknown): void {
  if (!(error instanceof NetlinkError && error.code === 'EEXIST')) throw error
}

/** Another agent may have removed it meanwhile. */
function isGone(error: unknown): void {
  if (!(error instanceof NetlinkError && ['ENOENT', 'ENODEV'].includes(error.code))) throw error
}
