import type { Link } from '../netlink/links.ts'
import type { Routes } from '../netlink/routes.ts'

/** Around each frame in the tunnel: Ethernet, IP, UDP and VXLAN. */
const TUNNEL_BYTES = 50
const ETHERNET_MTU = 1_500
const MAX_MTU = 65_535 - TUNNEL_BYTES

export interface Path {
  /** What fits in the tunnel to any of the machines, in bytes. */
  mtu: number
  /** The links that lead there, by index, with their own MTU. */
  ways: ReadonlyMap<number, number>
}

/**
 * The least MTU on the ways to the other machines, as the kernel would go, less what the tunnel needs. Where there are no
 * others yet, that of the link that has this machine's address.
 */
export async function findPath(
  { links, routes, addresses }: { links: readonly Link[]; routes: Routes; addresses: ReadonlyMap<string, number> },
  machines: readonly string[],
  own: string | undefined,
): Promise<Path> {
  const ways = new Map<number, number>()
  const found: number[] = []
  const add = (index: number | undefined, routeMtu?: number) => {
    const link = links.find((link) => link.index === index)
    if (!link) return
    ways.set(link.index, link.mtu)
    found.push(routeMtu ?? link.mtu)
  }
  for (const machine of machines) {
    // There may be no way to a machine that was switched off.
    const route = await routes.to(machine).catch(() => undefined)
    add(route?.link, route?.mtu)
  }
  if (found.length === 0) add(addresses.get(own ?? ''))
  const least = found.length > 0 ? Math.min(...found) : ETHERNET_MTU
  return { mtu: Math.min(least - TUNNEL_BYTES, MAX_MTU), ways }
}
