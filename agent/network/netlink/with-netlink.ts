import type { SocketRelay } from '../../runtime/socket-relay.ts'
import { NetlinkClient } from './netlink-client.ts'

/** The kernel's netlink families that are spoken with, by their numbers. */
export const NETLINK_ROUTE = 0
export const NETLINK_SOCK_DIAG = 4
export const NETLINK_NETFILTER = 12

/** A conversation with one family in the relay's network namespace: its socket is closed when `talk` has settled. */
export async function withNetlink<T>(
  relay: Pick<SocketRelay, 'netlink'>,
  family: number,
  talk: (client: NetlinkClient) => Promise<T>,
): Promise<T> {
  const client = new NetlinkClient(await relay.netlink(family))
  try {
    return await talk(client)
  } finally {
    client.close()
  }
}
