import type { Runtime } from '../../runtime/runtime.ts'
import { Links } from '../netlink/links.ts'
import { NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { networkName, tunnelName } from '../pod-network.ts'
import { keepContainer } from './kept-container.ts'
import { removeShortcuts } from './remove-shortcuts.ts'
import { UPLINK } from './uplink.ts'

/**
 * Removes a cluster's device from this machine's network, if it has one, and the shortcuts. `runtime` may be that of
 * any node of the cluster; a container of it is left behind.
 */
export async function removeTunnel(runtime: Runtime, clusterId: string, signal: AbortSignal): Promise<void> {
  if (!(await runtime.podNetwork(networkName(clusterId)))) return
  const relay = await runtime.openSockets(await keepContainer(runtime, { name: UPLINK, network: 'host' }), signal)
  try {
    await removeShortcuts(relay, clusterId)
    await withNetlink(relay, NETLINK_ROUTE, async (client) => {
      const links = new Links(client)
      const device = await links.find(tunnelName(clusterId))
      if (device) await links.delete(device.index)
    })
  } finally {
    relay.close()
  }
}
