import { existsSync } from 'node:fs'
import type { Runtime } from '../../runtime/runtime.ts'
import { Links } from '../netlink/links.ts'
import { NetlinkClient } from '../netlink/netlink-client.ts'
import { bridgeName, networkName, tunnelName } from '../pod-network.ts'
import { keepContainer } from './kept-container.ts'
import { removeShortcuts } from './remove-shortcuts.ts'
import { UPLINK } from './uplink.ts'

const NETLINK_ROUTE = 0

/**
 * Removes a cluster's device from this machine's network, if it has one, and the shortcuts to it. `runtime` may be that of
 * any node of the cluster; a container of it is left behind.
 */
export async function removeTunnel(runtime: Runtime, clusterId: string, signal: AbortSignal): Promise<void> {
  const name = tunnelName(clusterId)
  if (!(await runtime.podNetwork(networkName(clusterId)))) return
  // Who does not see the bridge that must be there is in a container, and cannot tell.
  if (isLink(bridgeName(clusterId)) && !isLink(name)) return
  const relay = await runtime.openSockets(await keepContainer(runtime, { name: UPLINK, network: 'host' }), signal)
  try {
    await removeShortcuts(relay, clusterId)
    const links = new Links(new NetlinkClient(await relay.netlink(NETLINK_ROUTE)))
    const device = (await links.list()).find((link) => link.name === name)
    if (device) await links.delete(device.index)
  } finally {
    relay.close()
  }
}

function isLink(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`)
}
