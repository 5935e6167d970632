import type { Runtime } from '../../runtime/runtime.ts'
import { Links } from '../netlink/links.ts'
import { NETLINK_ROUTE, withNetlink } from '../netlink/with-netlink.ts'
import { POD_LINK } from '../pod-network.ts'
import type { SocketRelays } from '../socket-relays.ts'

/** Gives the Pods' ends of their links another MTU than the network had when they were made. */
export async function setPodMtu(
  runtime: Pick<Runtime, 'list' | 'networkContainers'>,
  relays: SocketRelays,
  mtu: number,
): Promise<void> {
  const { sandboxes } = await runtime.list()
  const all = [...sandboxes, ...(await runtime.networkContainers())]
  for (const { id, running, ip } of all) if (running && ip !== undefined) await setMtu(relays, id, mtu)
}

async function setMtu(relays: SocketRelays, id: string, mtu: number): Promise<void> {
  await withNetlink(await relays.of(id), NETLINK_ROUTE, async (client) => {
    const links = new Links(client)
    const link = (await links.list()).find(({ name }) => name === POD_LINK)
    if (link && link.mtu !== mtu) await links.change(link.index, { mtu })
  })
}
