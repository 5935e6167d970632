import type { SocketRelay } from '../../runtime/socket-relay.ts'
import { Links } from '../netlink/links.ts'
import { askNeighboursOften } from '../netlink/neighbours.ts'
import { NetlinkClient } from '../netlink/netlink-client.ts'

const NETLINK_ROUTE = 0
const LINK = 'eth0'

/** Has a new container find the Pods that it leads to on a link that loses packets, too. */
export async function openNodePort(relay: SocketRelay): Promise<void> {
  const client = new NetlinkClient(await relay.netlink(NETLINK_ROUTE))
  try {
    const link = await new Links(client).find(LINK)
    if (link) await askNeighboursOften(client, link.index)
  } finally {
    client.close()
  }
}
