import type { TcpConnection, TcpProgress } from '../netlink/inet-diag.ts'

/** A connection on which nothing happens for so long is idle: its client sees that it is closed before it uses it again. */
const IDLE_MS = 1_000
/** Where round trips take long, so many times what is waited before data is sent again. */
const IDLE_RETRANSMISSIONS = 3
/**
 * One on which the client spoke last may wait for an answer that takes its time; and where packets are lost, what the client
 * sent may be lost several times before it comes.
 */
const LONG_MS = 5_000
/** How soon to look again at what is under way. */
const SOON_MS = 100

/** How long until all of these may be at rest, if nothing happens on them; 0: they are. */
export function busyMsOf(connections: readonly TcpConnection[]): number {
  return connections.reduce((longest, connection) => Math.max(longest, busyMs(connection)), 0)
}

function busyMs({ data, unread, unacknowledged }: TcpConnection): number {
  if (!data || unread > 0 || unacknowledged > 0) return SOON_MS
  return Math.max(0, patienceMs(data) - Math.min(data.receivedMsAgo, data.sentMsAgo))
}

function patienceMs({ receivedMsAgo, sentMsAgo, retransmitAfterMs, retransmissions }: TcpProgress): number {
  if (receivedMsAgo < sentMsAgo || retransmissions > 0) return LONG_MS
  return Math.min(LONG_MS, Math.max(IDLE_MS, IDLE_RETRANSMISSIONS * retransmitAfterMs))
}
