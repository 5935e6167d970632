import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { NetworkContainerSpec } from '../../runtime/runtime.ts'
import type { SocketRelay } from '../../runtime/socket-relay.ts'
import { INTERFACE_SETTING, Links } from '../netlink/links.ts'
import { askNeighboursOften } from '../netlink/neighbours.ts'
import { Routes } from '../netlink/routes.ts'
import { RoutingRules } from '../netlink/routing-rules.ts'
import { NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { NETWORK_CONTAINER_PLACE, POD_LINK } from '../pod-network.ts'

export const GATEWAY = 'gateway'

const TABLE = 100
const PRIORITY = 100

/**
 * The node's container that answers on the Pods' link for the addresses of Services: the machine itself has no rules for them.
 * `sysctls`: what all namespaces on that link have.
 */
export function gatewaySpec(
  podCIDR: string,
  sysctls: Readonly<Record<string, string>>,
): NetworkContainerSpec & { network: { address: string } } {
  return {
    name: GATEWAY,
    network: { address: Ipv4Range.parse(podCIDR).at(NETWORK_CONTAINER_PLACE) },
    sysctls: {
      ...sysctls,
      'net.ipv4.ip_forward': '1',
      'net.ipv4.conf.all.send_redirects': '0',
      'net.ipv4.conf.all.accept_redirects': '0',
      'net.ipv4.conf.all.rp_filter': '0',
    },
  }
}

/**
 * Takes the range of Services for the gateway's own, for who asks from one of these addresses: the machine's. Pods have
 * rules of their own, and other machines, which hear of each question on the link, their own gateways.
 */
export async function openGateway(relay: SocketRelay, serviceCIDR: string, askers: readonly string[]): Promise<void> {
  await withNetlink(relay, NETLINK_ROUTE, async (client) => {
    const links = new Links(client)
    const rules = new RoutingRules(client)
    const link = (await links.list()).find(({ name }) => name === POD_LINK)
    // A packet leaves where it came in, which is no reason to tell its sender of a shorter way.
    if (link) {
      await links.configure(link.index, new Map([[INTERFACE_SETTING.sendRedirects, 0]]))
      await askNeighboursOften(client, link.index)
    }
    await new Routes(client).addLocal(Ipv4Range.parse(serviceCIDR), TABLE)
    for (const from of askers) await rules.add({ from, table: TABLE, priority: PRIORITY })
  })
}
