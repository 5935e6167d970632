import { nested, text, u32, u64 } from './netlink-attributes.ts'
import type { NetlinkClient } from './netlink-client.ts'

const RTM_SETNEIGHTBL = 67
const AF_INET = 2
const HEADER_BYTES = 4
const NDTA_NAME = 1
const NDTA_PARMS = 6
const NDTPA_IFINDEX = 1
const NDTPA_RETRANS_TIME = 5
const NDTPA_UCAST_PROBES = 10
const NDTPA_MCAST_PROBES = 11
/** As long as the kernel's own three questions, one a second, take: who is gone is known to be gone as soon. */
const EVERY_MS = 300
const TIMES = 10

/**
 * Has the kernel ask for the link address of a neighbour on a link more often than it would: where packets are lost, each
 * tenth one each way, one of a hundred neighbours does not answer three questions. Rejects as NetlinkClient does.
 */
export async function askNeighboursOften(client: Pick<NetlinkClient, 'request'>, link: number): Promise<void> {
  const header = Buffer.alloc(HEADER_BYTES)
  header[0] = AF_INET
  const settings = nested(
    NDTA_PARMS,
    u32(NDTPA_IFINDEX, link),
    u64(NDTPA_RETRANS_TIME, BigInt(EVERY_MS)),
    u32(NDTPA_UCAST_PROBES, TIMES),
    u32(NDTPA_MCAST_PROBES, TIMES),
  )
  await client.request({
    type: RTM_SETNEIGHTBL,
    payload: Buffer.concat([header, text(NDTA_NAME, 'arp_cache'), settings]),
  })
}
