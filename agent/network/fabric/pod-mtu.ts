import type { Runtime } from '../../runtime/runtime.ts'
import { Links } from '../netlink/links.ts'
import { NetlinkClient } from '../netlink/netlink-client.ts'
import type { SocketRelays } from '../socket-relays.ts'

const NETLINK_ROUTE = 0
const LINK = 'eth0'

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
  const client = new NetlinkClient(await (await relays.of(id)).netlink(NETLINK_ROUTE))
  try {
    const links = new Links(client)
    const link = (await links.list()).find(({ name }) => name === LINK)
    if (link && link.mtu !== mtu) await links.change(link.index, { mtu })
  } finally {
    client.close()
  }
}
