import { type Clock, sleep } from '../../../shared/clock.ts'
import type { SocketRelay } from '../../runtime/socket-relay.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'
import { NETLINK_NETFILTER, withNetlink } from '../netlink/with-netlink.ts'
import { encodeChange, encodeTable } from '../nftables/encode-change.ts'
import { NFTABLES_SUBSYSTEM } from '../nftables/table-message.ts'
import { failoverContents, failoverFrame, HEARTBEAT_PORT, leaveToOthers } from './failover-table.ts'

/** Two may be lost before the node counts as silent, see `SILENCE_SECONDS`. */
const HEARTBEAT_MS = 600

export interface DnsFailoverOptions {
  relay: SocketRelay
  /** The gateway's own. */
  address: string
  /** Those of the other nodes' gateways, as they are now. */
  peers: () => readonly string[]
  clock: Clock
  /** The agent's own end: others are asked at once then. */
  signal: AbortSignal
}

/**
 * Has the kernel send questions to other nodes' gateways when this agent is gone, which its own socket would not notice:
 * it lives on in the gateway. A heartbeat through the gateway keeps them here. Resolves after the signal; rejects where
 * the kernel refuses or the relay ends.
 */
export async function keepFailover(options: DnsFailoverOptions): Promise<void> {
  await withNetlink(options.relay, NETLINK_NETFILTER, (client) => keepWritten(client, options))
}

async function keepWritten(client: NetlinkClient, options: DnsFailoverOptions): Promise<void> {
  const { relay, address, peers, clock, signal } = options
  const heartbeats = await relay.udp(address, HEARTBEAT_PORT)
  const ended = relay.closed.then(() => Promise.reject(new Error('the relay has ended')))
  ended.catch(() => undefined)
  let written = ''
  while (!signal.aborted) {
    const others = peers()
    const wanted = others.join()
    if (wanted !== written) {
      const table = encodeTable(failoverFrame(address, others.length), failoverContents(others))
      await client.batch(NFTABLES_SUBSYSTEM, table)
      written = wanted
    }
    // To itself: what passes the kernel's rules on the way is enough.
    if (others.length > 0) await heartbeats.send(Buffer.of(0), { address, port: HEARTBEAT_PORT })
    await Promise.race([sleep(clock, HEARTBEAT_MS, signal).catch(() => undefined), ended])
  }
  if (written)
    await client.batch(NFTABLES_SUBSYSTEM, encodeChange(failoverFrame(address, peers().length), leaveToOthers(address)))
}
