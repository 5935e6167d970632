import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { SocketRelay } from '../../runtime/socket-relay.ts'
import { decodeAttributes, textOf } from '../netlink/netlink-attributes.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'
import { NetlinkError } from '../netlink/netlink-error.ts'
import type { ReceivedMessage } from '../netlink/netlink-message.ts'
import { NETLINK_NETFILTER, withNetlink } from '../netlink/with-netlink.ts'
import { encodeRemoval } from '../nftables/encode-change.ts'
import { NFTABLES_SUBSYSTEM, tableMessage } from '../nftables/table-message.ts'
import { networkName } from '../pod-network.ts'

const GETTABLE = 1
const HEADER_BYTES = 4
const TABLE_NAME = 1

/** Each node of a machine has a table of its own, named by its range. */
export function shortcutName(clusterId: string, podCIDR: string): string {
  return `${networkName(clusterId)}-${Ipv4Range.parse(podCIDR).at(0)}`
}

/** Removes the shortcuts of all nodes of a cluster in the network namespace of the relay. */
export async function removeShortcuts(relay: SocketRelay, clusterId: string): Promise<void> {
  await withNetlink(relay, NETLINK_NETFILTER, async (client) => {
    const names = (await tableNames(client)).filter((name) => name.startsWith(`${networkName(clusterId)}-`))
    const removals = names.flatMap((name) => encodeRemoval({ name, family: 'netdev' }))
    await client.batch(NFTABLES_SUBSYSTEM, removals)
  })
}

/** Of the family `netdev`. */
export async function tableNames(client: NetlinkClient): Promise<string[]> {
  // A kernel that does not know such tables has none of ours.
  const tables = await client.dump(tableMessage({ type: GETTABLE, family: 'netdev', attributes: [] })).catch(isUnknown)
  return tables.flatMap(({ payload }) => {
    const name = decodeAttributes(payload.subarray(HEADER_BYTES)).get(TABLE_NAME)
    return name ? [textOf(name)] : []
  })
}

function isUnknown(error: unknown): ReceivedMessage[] {
  if (error instanceof NetlinkError) return []
  throw error
}
