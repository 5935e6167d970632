import type { NetlinkClient } from '../netlink/netlink-client.ts'
import { NetlinkError } from '../netlink/netlink-error.ts'

const CTNETLINK_STATS = (1 << 8) | 4
/** `struct nfgenmsg`: any family. */
const HEADER = Buffer.alloc(4)

/**
 * For a network namespace from which Services are reached: a connection that its endpoint broke off is forgotten after a second
 * instead of ten, as one from the same port would be led to the same endpoint until then.
 */
export const SHORT_MEMORY: Readonly<Record<string, string>> = { 'net.netfilter.nf_conntrack_tcp_timeout_close': '1' }

/** Whether new namespaces have such parameters: the kernel tracks connections, or does from now on. */
export async function tracksConnections(client: Pick<NetlinkClient, 'dump'>): Promise<boolean> {
  try {
    await client.dump({ type: CTNETLINK_STATS, payload: HEADER })
    return true
  } catch (error) {
    if (error instanceof NetlinkError) return false
    throw error
  }
}
