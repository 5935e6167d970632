import { Backoff } from '../../shared/backoff.ts'
import { type Clock, sleep } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { type AssignmentsFrame, CLOSE_CODES, type NodeReport } from '../../shared/protocol/frames.ts'
import type { MessageSocket } from '../../shared/protocol/message-socket.ts'
import type { StreamServer } from '../../shared/protocol/stream.ts'
import type { Random } from '../../shared/random.ts'
import type { AssignmentsSink } from '../assignments.ts'
import type { NetworkState } from '../network/network-state.ts'
import type { PodWithdrawals } from '../network/pod-withdrawals.ts'
import type { Reporter, VolumeReporter } from '../reporter.ts'
import { AssignmentState } from './assignment-state.ts'
import { FrameChain } from './frame-chain.ts'
import { LinkSession, type SessionEnd } from './link-session.ts'
import { NetworkChannel } from './network-channel.ts'
import { StatusReporter } from './status-reporter.ts'

const BACKOFF = { initialMs: 500, maxMs: 10_000 }
/** A connection that held for so long was a good one: the next is dialled at once. */
const STABLE_AFTER_MS = 5000

/** Opens a connection to the control plane, or rejects with an Error that says why not. */
export type Dial = (signal: AbortSignal) => Promise<LinkSocket>

export interface LinkSocket extends MessageSocket {
  /** This end's, where it is known. */
  readonly localAddress?: string | undefined
}

export interface ControlLinkOptions {
  dial: Dial
  clock: Clock
  random: Random
  log: Logger
  agentVersion: string
  /** What is known of the node now. Call `nodeChanged` when it is something else. */
  node: () => NodeReport
  assignments: AssignmentsSink
  network: NetworkState
  streams: StreamServer
}

/** The agent's one connection, dialled again and again. Pods run on while it is down. */
export interface ControlLink {
  readonly reporter: Reporter & VolumeReporter
  readonly withdrawals: PodWithdrawals
  /** Dials until `close`. */
  start(): void
  /** What `node` gives has changed. */
  nodeChanged(): void
  /** The machine has it no longer: a connection that began there is never answered again. */
  addressGone(address: string): void
  /** The machine has another one: the control plane may be reached from there. */
  addressCame(): void
  close(): void
}

export function createControlLink(options: ControlLinkOptions): ControlLink {
  const { dial, clock, random, log } = options
  const reporter = new StatusReporter(clock, log)
  const state = new AssignmentState()
  const chain = new FrameChain<AssignmentsFrame>()
  const network = new NetworkChannel(options.network, log)
  const backoff = new Backoff(BACKOFF)
  const stop = new AbortController()
  /** Ends the wait that is now. */
  let hurry = new AbortController()
  let session: LinkSession | undefined
  /** What came of a dial beside a connection that has then been given up. */
  let spare: LinkSocket | undefined

  const connect = async (): Promise<SessionEnd> => {
    const socket = spare ?? (await dial(stop.signal))
    spare = undefined
    return new Promise((resolve) => {
      const over = new AbortController()
      const current = new LinkSession({ ...options, state, chain, network, reporter }, socket, {
        ended(end) {
          session = undefined
          over.abort()
          resolve(end)
        },
        doubted: () => void dialBeside(current, over.signal),
      })
      session = current
      // One that was closed while it was dialled must not live on.
      if (stop.signal.aborted) session.close(CLOSE_CODES.agentStops, 'the agent stops')
    })
  }

  /** A silent connection may be dead, or the control plane slow: who takes another one, and is still not heard, is not slow. */
  const dialBeside = async (doubted: LinkSession, over: AbortSignal): Promise<void> => {
    const socket = await dial(over).catch(() => undefined)
    if (!socket) return
    if (over.aborted || !doubted.isDoubtful) {
      socket.close(CLOSE_CODES.goingAway, 'the connection before it is heard again')
      return
    }
    spare = socket
    doubted.close(CLOSE_CODES.goingAway, 'nothing heard, while another connection is taken')
  }

  /** Milliseconds to wait before the next attempt: half to all of the backoff. */
  const retryDelay = (end: SessionEnd | undefined): number => {
    if (end && needsPatience(end.code)) return BACKOFF.maxMs
    if (end?.liveMs !== undefined && end.liveMs > STABLE_AFTER_MS) {
      backoff.reset()
      return 0
    }
    return backoff.next() * (0.5 + random.next() / 2)
  }

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const end = await connect().catch((error: unknown) => {
        if (!stop.signal.aborted) log.warn({ err: error }, 'control plane not reached')
        return undefined
      })
      if (stop.signal.aborted) return
      if (end) explain(end, log)
      if (spare) continue
      hurry = new AbortController()
      const ends = end && needsPatience(end.code) ? [stop.signal] : [stop.signal, hurry.signal]
      await sleep(clock, retryDelay(end), AbortSignal.any(ends)).catch(() => {})
    }
  }

  return {
    reporter,
    withdrawals: network,
    start: () => void run(),
    nodeChanged: () => session?.nodeChanged(),
    addressGone: (address) => session?.addressGone(address),
    addressCame() {
      backoff.reset()
      hurry.abort()
    },
    close() {
      stop.abort()
      spare?.close(CLOSE_CODES.agentStops, 'the agent stops')
      session?.close(CLOSE_CODES.agentStops, 'the agent stops')
    },
  }
}

/** Another attempt soon would end the same way, or take the connection from an agent that is in its right. */
function needsPatience(code: number): boolean {
  return code === CLOSE_CODES.protocolVersion || code === CLOSE_CODES.superseded
}

function explain({ code, reason }: SessionEnd, log: Logger): void {
  switch (code) {
    case CLOSE_CODES.protocolVersion:
      log.error({ reason }, 'agent and control plane are of different versions: update the older')
      break
    case CLOSE_CODES.superseded:
      log.error('another agent runs with the key of this node: only one of them can be connected')
      break
    case CLOSE_CODES.notAdmitted:
      log.warn({ reason }, 'the control plane does not admit this node, trying to register anew')
      break
    default:
      log.warn({ code, reason }, 'connection to the control plane lost')
  }
}
