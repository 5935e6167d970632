import type { SocketRelay } from '../../runtime/socket-relay.ts'
import { ipv4Bytes, ipv4Text } from '../netlink/ipv4-bytes.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'
import { Routes } from '../netlink/routes.ts'
import { type RoutingRule, RoutingRules } from '../netlink/routing-rules.ts'
import { NETLINK_NETFILTER, NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { NFTABLES_SUBSYSTEM } from '../nftables/table-message.ts'
import { encodeReturnPaths } from './return-path-table.ts'

/** Before the routes that everything else takes. */
const PRIORITY = 100

/**
 * Has a network namespace answer connections that came through one of these neighbors through the same one, and no others:
 * what rules mark with a neighbor's address is asked of a routing table of that number.
 */
export async function writeReturnPaths(relay: SocketRelay, addresses: readonly string[]): Promise<void> {
  await withNetlink(relay, NETLINK_ROUTE, (client) => writeRoutes(client, addresses))
  await withNetlink(relay, NETLINK_NETFILTER, (client) =>
    client.batch(NFTABLES_SUBSYSTEM, encodeReturnPaths(addresses)),
  )
}

async function writeRoutes(client: NetlinkClient, addresses: readonly string[]): Promise<void> {
  const routes = new Routes(client)
  const rules = new RoutingRules(client)
  const wanted = addresses.map(ruleThrough)
  for (const [index, rule] of wanted.entries()) {
    await routes.addDefault(addresses[index] ?? '', rule.table)
    await rules.add(rule)
  }
  const isOurs = ({ priority, table, mark }: RoutingRule) => priority === PRIORITY && table === mark
  for (const rule of (await rules.list()).filter(isOurs)) {
    if (wanted.some(({ table }) => table === rule.table)) continue
    await rules.delete(rule)
    await routes.deleteDefault(addressOf(rule.table), rule.table)
  }
}

function ruleThrough(address: string): RoutingRule {
  const number = ipv4Bytes(address).readUInt32LE()
  return { priority: PRIORITY, table: number, mark: number }
}

function addressOf(number: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(number)
  return ipv4Text(bytes)
}
