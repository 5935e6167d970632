import type { TcpConnection } from './inet-diag.ts'

/** A connection on which nothing happens for so long is idle: its client sees that it is closed before it uses it again. */
const IDLE_MS = 1_000
/** One on which the client spoke last may wait for an answer that takes its time. */
const ANSWER_MS = 5_000
/** How soon to look again at what is under way. */
const SOON_MS = 100

/** How long until all of these may be at rest, if nothing happens on them; 0: they are. */
export function busyMsOf(connections: readonly TcpConnection[]): number {
  return connections.reduce((longest, connection) => Math.max(longest, busyMs(connection)), 0)
}

function busyMs({ data, unread, unacknowledged }: TcpConnection): number {
  if (!data || unread > 0 || unacknowledged > 0) return SOON_MS
  const { receivedMsAgo, sentMsAgo } = data
  const patienceMs = receivedMsAgo < sentMsAgo ? ANSWER_MS : IDLE_MS
  return Math.max(0, patienceMs - Math.min(receivedMsAgo, sentMsAgo))
}
