import { AF_INET, AF_INET6, decodeRemote, decodeRepetition, remotesRequest } from '../netlink/inet-diag.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'

/** Where processes of a network namespace have TCP connections to, `address:port/TCP`. */
export interface OwnConnections {
  readonly all: ReadonlySet<string>
  /** Of those who have answered nothing yet: in how many milliseconds they are asked again at the soonest. */
  readonly opening: ReadonlyMap<string, number>
}

/** By the addresses that were asked for, whatever the rules made of them. `client` is of the family `NETLINK_SOCK_DIAG`. */
export async function ownConnections(client: Pick<NetlinkClient, 'dump'>): Promise<OwnConnections> {
  const answers = [...(await client.dump(remotesRequest(AF_INET))), ...(await client.dump(remotesRequest(AF_INET6)))]
  const all = new Set<string>()
  const opening = new Map<string, number>()
  for (const answer of answers) {
    const [remote, repeatedInMs] = [decodeRemote(answer), decodeRepetition(answer)]
    if (remote === undefined) continue
    const frontend = `${remote}/TCP`
    all.add(frontend)
    if (repeatedInMs !== undefined) opening.set(frontend, Math.min(repeatedInMs, opening.get(frontend) ?? repeatedInMs))
  }
  return { all, opening }
}
