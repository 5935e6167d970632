import type { SocketRelay } from '../../runtime/socket-relay.ts'
import {
  AF_INET,
  AF_INET6,
  connectionsRequest,
  decodeConnection,
  NETLINK_SOCK_DIAG,
  type TcpConnection,
} from '../netlink/inet-diag.ts'
import { NetlinkClient } from '../netlink/netlink-client.ts'
import type { PodConnections } from './service-drain.ts'

/** Asks the kernel for the connections in a sandbox's network namespace. */
export class SandboxConnections implements PodConnections {
  readonly #relayOf: (sandboxId: string) => Promise<Pick<SocketRelay, 'netlink'>>

  constructor(relayOf: (sandboxId: string) => Promise<Pick<SocketRelay, 'netlink'>>) {
    this.#relayOf = relayOf
  }

  async list(sandboxId: string, ports: ReadonlySet<number>): Promise<TcpConnection[]> {
    const relay = await this.#relayOf(sandboxId)
    const client = new NetlinkClient(await relay.netlink(NETLINK_SOCK_DIAG))
    try {
      const answers = [
        ...(await client.dump(connectionsRequest(AF_INET))),
        ...(await client.dump(connectionsRequest(AF_INET6))),
      ]
      return answers.map(decodeConnection).filter(({ localPort }) => ports.has(localPort))
    } finally {
      client.close()
    }
  }
}
