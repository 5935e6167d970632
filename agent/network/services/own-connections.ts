import { AF_INET, AF_INET6, decodeRemote, remotesRequest } from '../netlink/inet-diag.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'

/**
 * Where processes of a network namespace have TCP connections to, `address:port/TCP`: the addresses that they asked for,
 * whatever the rules made of them. `client` is of the family `NETLINK_SOCK_DIAG`.
 */
export async function ownConnections(client: Pick<NetlinkClient, 'dump'>): Promise<Set<string>> {
  const answers = [...(await client.dump(remotesRequest(AF_INET))), ...(await client.dump(remotesRequest(AF_INET6)))]
  const remotes = answers.map(decodeRemote).filter((remote) => remote !== undefined)
  return new Set(remotes.map((remote) => `${remote}/TCP`))
}
