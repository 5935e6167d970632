import { AF_INET, AF_INET6, decodeRemote, isOpening, remotesRequest } from '../netlink/inet-diag.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'

/** Where processes of a network namespace have TCP connections to, `address:port/TCP`. */
export interface OwnConnections {
  readonly all: ReadonlySet<string>
  /** Those that are answered yet by nobody, of all. */
  readonly opening: ReadonlySet<string>
}

/** By the addresses that were asked for, whatever the rules made of them. `client` is of the family `NETLINK_SOCK_DIAG`. */
export async function ownConnections(client: Pick<NetlinkClient, 'dump'>): Promise<OwnConnections> {
  const answers = [...(await client.dump(remotesRequest(AF_INET))), ...(await client.dump(remotesRequest(AF_INET6)))]
  const [all, opening] = [new Set<string>(), new Set<string>()]
  for (const answer of answers) {
    const remote = decodeRemote(answer)
    if (remote === undefined) continue
    all.add(`${remote}/TCP`)
    if (isOpening(answer)) opening.add(`${remote}/TCP`)
  }
  return { all, opening }
}
