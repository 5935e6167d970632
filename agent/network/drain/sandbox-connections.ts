import type { SocketRelay } from '../../runtime/socket-relay.ts'
import { AF_INET, AF_INET6, connectionsRequest, decodeConnection, type TcpConnection } from '../netlink/inet-diag.ts'
import { NETLINK_SOCK_DIAG, withNetlink } from '../netlink/with-netlink.ts'
import type { PodConnections } from './service-drain.ts'

/** Asks the kernel for the connections in a sandbox's network namespace. */
export class SandboxConnections implements PodConnections {
  readonly #relayOf: (sandboxId: string) => Promise<Pick<SocketRelay, 'netlink'>>

  constructor(relayOf: (sandboxId: string) => Promise<Pick<SocketRelay, 'netlink'>>) {
    this.#relayOf = relayOf
  }

  async list(sandboxId: string, ports: ReadonlySet<number>): Promise<TcpConnection[]> {
    const relay = await this.#relayOf(sandboxId)
    return withNetlink(relay, NETLINK_SOCK_DIAG, async (client) => {
      const answers = [
        ...(await client.dump(connectionsRequest(AF_INET))),
        ...(await client.dump(connectionsRequest(AF_INET6))),
      ]
      return answers.map(decodeConnection).filter(({ localPort }) => ports.has(localPort))
    })
  }
}
