import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { Links } from '../netlink/links.ts'
import { unless } from '../netlink/netlink-error.ts'
import { NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { macAddressOf, POD_LINK, type PodNetwork } from '../pod-network.ts'
import type { SocketRelays } from '../socket-relays.ts'

export interface LostBridgeOptions {
  runtime: Pick<Runtime, 'list' | 'networkContainers'>
  relays: Pick<SocketRelays, 'of'>
  log: Logger
}

/** Makes the Pods' bridge again, as Docker does only when it starts; its rules know it by its name. */
export async function remakeBridge(links: Links, { bridge, mtu, gateway, subnet }: PodNetwork): Promise<void> {
  // Another agent of the machine may be faster.
  await unless('EEXIST', links.createBridge(bridge, { mtu, mac: macAddressOf(gateway) }))
  const made = await links.find(bridge)
  if (made) await links.addAddress(made.index, gateway, Ipv4Range.parse(subnet))
}

/** Has what Docker had linked to a bridge, of this node, on another, by its index. Links of the agent's own it mends as ever. */
export async function moveToBridge(links: Links, bridge: number, options: LostBridgeOptions): Promise<void> {
  for (const id of await linkedByDocker(options.runtime)) {
    try {
      const port = await machineEnd(id, options.relays)
      if (port !== undefined) await links.change(port, { master: bridge, up: true })
    } catch (err) {
      options.log.warn({ err, container: id }, 'a container could not be put on the bridge again')
    }
  }
}

async function linkedByDocker(runtime: LostBridgeOptions['runtime']): Promise<string[]> {
  const [containers, { sandboxes }] = await Promise.all([runtime.networkContainers(), runtime.list()])
  const pods = sandboxes.filter(({ process }) => process === undefined)
  return [...containers, ...pods].filter(({ running, ip }) => running && ip !== undefined).map(({ id }) => id)
}

/** The index of the other end of a container's link. */
async function machineEnd(containerId: string, relays: LostBridgeOptions['relays']): Promise<number | undefined> {
  const relay = await relays.of(containerId)
  return withNetlink(relay, NETLINK_ROUTE, async (client) => (await new Links(client).find(POD_LINK))?.other)
}
