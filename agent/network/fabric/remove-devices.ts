import type { Runtime } from '../../runtime/runtime.ts'
import { Links } from '../netlink/links.ts'
import { NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { bridgeName, networkName, tunnelName } from '../pod-network.ts'
import { keepContainer } from './kept-container.ts'
import { removeShortcuts } from './remove-shortcuts.ts'
import { UPLINK } from './uplink.ts'

/**
 * Removes a cluster's tunnel from this machine's network, if it has one, the shortcuts, and the bridge: one that was made
 * again Docker does not find. `runtime` may be that of any node of the cluster; a container of it is left behind.
 */
export async function removeDevices(runtime: Runtime, clusterId: string, signal: AbortSignal): Promise<void> {
  if (!(await runtime.podNetwork(networkName(clusterId)))) return
  const relay = await runtime.openSockets(await keepContainer(runtime, { name: UPLINK, network: 'host' }), signal)
  try {
    await removeShortcuts(relay, clusterId)
    await withNetlink(relay, NETLINK_ROUTE, async (client) => {
      const links = new Links(client)
      for (const name of [tunnelName(clusterId), bridgeName(clusterId)]) {
        const device = await links.find(name)
        if (device) await links.delete(device.index)
      }
    })
  } finally {
    relay.close()
  }
}
