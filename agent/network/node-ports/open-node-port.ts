import type { SocketRelay } from '../../runtime/socket-relay.ts'
import { Links } from '../netlink/links.ts'
import { askNeighboursOften } from '../netlink/neighbours.ts'
import { NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { POD_LINK } from '../pod-network.ts'

/** Has a new container find the Pods that it leads to on a link that loses packets, too. */
export async function openNodePort(relay: SocketRelay): Promise<void> {
  await withNetlink(relay, NETLINK_ROUTE, async (client) => {
    const link = await new Links(client).find(POD_LINK)
    if (link) await askNeighboursOften(client, link.index)
  })
}
