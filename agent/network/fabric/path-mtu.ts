import type { Link } from '../netlink/links.ts'
import type { Routes } from '../netlink/routes.ts'

/** Around each frame in the tunnel: Ethernet, IP, UDP and VXLAN. */
const TUNNEL_BYTES = 50
const ETHERNET_MTU = 1_500
const MAX_MTU = 65_535 - TUNNEL_BYTES

/**
 * What fits in the tunnel: the least MTU on the ways to the other machines, as the kernel would go, less what the tunnel
 * needs. Where there are no others yet, of the link that has this machine's address.
 */
export async function pathMtu(
  { links, routes, addresses }: { links: readonly Link[]; routes: Routes; addresses: ReadonlyMap<string, number> },
  machines: readonly string[],
  own: string | undefined,
): Promise<number> {
  const mtuOf = (index: number | undefined) => links.find((link) => link.index === index)?.mtu
  const found: number[] = []
  for (const machine of machines) {
    // There may be no way to a machine that was switched off.
    const route = await routes.to(machine).catch(() => undefined)
    const mtu = route && (route.mtu ?? mtuOf(route.link))
    if (mtu) found.push(mtu)
  }
  const least = found.length > 0 ? Math.min(...found) : (mtuOf(addresses.get(own ?? '')) ?? ETHERNET_MTU)
  return Math.min(least - TUNNEL_BYTES, MAX_MTU)
}
