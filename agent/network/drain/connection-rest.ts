import type { TcpConnection, TcpProgress } from '../netlink/inet-diag.ts'

/** A connection on which nothing happens for so long is idle: its client sees that it is closed before it uses it again. */
const IDLE_MS = 1_000
/** Where round trips take long, so many times what is waited before data is sent again. */
const IDLE_RETRANSMISSIONS = 3
/** One on which the client spoke last may wait for an answer that takes its time. */
const LONG_MS = 5_000
/** The least that is waited for what may be on its way. */
const ON_ITS_WAY_MS = 300
/** How soon to look again at what is under way. */
const SOON_MS = 100
/** Where packets are lost, a request is waited for until it is so improbable that all of its repetitions were. */
const IMPROBABLE = 1e-6
/** So many packets are taken to have come through before any was counted: one that is lost of two says little. */
const PRIOR_PACKETS = 10

/** How long what was sent to the Pod just before may be on its way: a link across a continent at least. */
export function onItsWayMs(connections: readonly TcpConnection[]): number {
  const slowestMs = Math.max(ON_ITS_WAY_MS, ...connections.map(({ data }) => data?.retransmitAfterMs ?? 0))
  return Math.min(LONG_MS, slowestMs)
}

/** How long until all of these may be at rest, if nothing happens on them; 0: they are. */
export function busyMsOf(connections: readonly TcpConnection[]): number {
  const losses = lossByPeer(connections)
  return connections.reduce((longest, each) => Math.max(longest, busyMs(each, losses.get(each.peer) ?? 0)), 0)
}

/** What share of packets is lost on the way to each peer; the way back is taken to be no better. */
function lossByPeer(connections: readonly TcpConnection[]): Map<string, number> {
  const counts = new Map<string, { packets: number; lost: number }>()
  for (const { peer, data } of connections) {
    const { packets, lost } = counts.get(peer) ?? { packets: PRIOR_PACKETS, lost: 0 }
    counts.set(peer, { packets: packets + (data?.packets ?? 0), lost: lost + (data?.lost ?? 0) })
  }
  return new Map(Array.from(counts, ([peer, { packets, lost }]) => [peer, Math.min(0.5, lost / packets)]))
}

function busyMs({ data, unread, unacknowledged }: TcpConnection, loss: number): number {
  if (!data || unread > 0 || unacknowledged > 0) return SOON_MS
  return Math.max(0, patienceMs(data, loss) - Math.min(data.receivedMsAgo, data.sentMsAgo))
}

function patienceMs({ receivedMsAgo, sentMsAgo, retransmitAfterMs }: TcpProgress, loss: number): number {
  const idleMs = Math.min(LONG_MS, Math.max(IDLE_MS, IDLE_RETRANSMISSIONS * retransmitAfterMs))
  const answerMs = receivedMsAgo < sentMsAgo ? LONG_MS : 0
  return Math.max(idleMs, answerMs, repetitionsMs(retransmitAfterMs, loss))
}

/** TCP waits twice as long before each further repetition. */
function repetitionsMs(retransmitAfterMs: number, loss: number): number {
  if (loss === 0) return 0
  const repetitions = Math.ceil(Math.log(IMPROBABLE) / Math.log(loss)) - 1
  return retransmitAfterMs * (2 ** repetitions - 1)
}
