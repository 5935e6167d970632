import type { Clock, Timer } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { decodeControlMessage } from '../../shared/protocol/codec.ts'
import { FrameSocket } from '../../shared/protocol/frame-socket.ts'
import {
  type AgentFrame,
  type AssignmentsFrame,
  CLOSE_CODES,
  type ControlFrame,
  type NodeReport,
  PROTOCOL_VERSION,
} from '../../shared/protocol/frames.ts'
import type { StreamServer } from '../../shared/protocol/stream.ts'
import { StreamAcceptor } from '../../shared/protocol/stream-acceptor.ts'
import type { AssignmentsSink } from '../assignments.ts'
import type { AssignmentState } from './assignment-state.ts'
import type { LinkSocket } from './control-link.ts'
import type { FrameChain } from './frame-chain.ts'
import type { NetworkChannel } from './network-channel.ts'
import type { StatusReporter } from './status-reporter.ts'

const WELCOME_TIMEOUT_MS = 10_000
/** So many unanswered heartbeats, and no less than so long, make a dead connection; half of that one to be doubted. */
const MISSED_HEARTBEATS = 4
const MIN_SILENCE_MS = 5000

export interface LinkSessionDeps {
  clock: Clock
  log: Logger
  agentVersion: string
  node: () => NodeReport
  state: AssignmentState
  chain: FrameChain<AssignmentsFrame>
  network: NetworkChannel
  reporter: StatusReporter
  assignments: AssignmentsSink
  streams: StreamServer
}

export interface SessionEnd {
  code: number
  reason: string
  /** How long the control plane had it as connected; undefined: it never welcomed it. */
  liveMs: number | undefined
}

export interface SessionListeners {
  /** Once. */
  ended(end: SessionEnd): void
  /** Nothing has been heard for a while, though something should have been: told once for each silence. */
  doubted(): void
}

/** One connection to the control plane, from hello to close. */
export class LinkSession {
  readonly #deps: LinkSessionDeps
  readonly #frames: FrameSocket<ControlFrame, AgentFrame>
  readonly #streams: StreamAcceptor
  readonly #localAddress: string | undefined
  readonly #listeners: SessionListeners
  #timer: Timer
  #welcomedAt: number | undefined
  /** Before the welcome: the node is something else than the hello said. */
  #isHelloOutdated = false
  #lastHeardAt: number
  #isDoubtful = false
  #ended = false

  constructor(deps: LinkSessionDeps, socket: LinkSocket, listeners: SessionListeners) {
    this.#deps = deps
    this.#listeners = listeners
    this.#localAddress = socket.localAddress
    this.#frames = new FrameSocket(socket, decodeControlMessage, deps.log)
    this.#streams = new StreamAcceptor(this.#frames, deps.streams)
    this.#frames.onFrame({
      frame: (frame) => this.#receive(frame),
      data: (message) => {
        this.#heard()
        this.#streams.receiveData(message)
      },
    })
    this.#frames.onClose((code, reason) => this.#over(code, reason))
    this.#lastHeardAt = deps.clock.monotonic()
    this.#timer = deps.clock.after(WELCOME_TIMEOUT_MS, () => this.close(CLOSE_CODES.goingAway, 'no welcome'))
    this.#hello()
  }

  /** Whether nothing has been heard since it was doubted. */
  get isDoubtful(): boolean {
    return this.#isDoubtful
  }

  nodeChanged(): void {
    if (this.#welcomedAt === undefined) this.#isHelloOutdated = true
    else this.#frames.send({ type: 'nodeStatus', status: this.#deps.node() })
  }

  addressGone(address: string): void {
    if (address !== this.#localAddress) return
    this.close(CLOSE_CODES.goingAway, `this machine has lost the address ${address}`)
  }

  /** Ends at once, whether or not the other side still answers. */
  close(code: number, reason: string): void {
    this.#frames.close(code, reason)
    this.#over(code, reason)
  }

  #hello(): void {
    const { agentVersion, chain, node } = this.#deps
    this.#frames.send({
      type: 'hello',
      protocolVersion: PROTOCOL_VERSION,
      agentVersion,
      assignmentsVersion: chain.version,
      node: node(),
    })
  }

  #heard(): void {
    this.#lastHeardAt = this.#deps.clock.monotonic()
    this.#isDoubtful = false
  }

  #receive(frame: ControlFrame): void {
    this.#heard()
    if (frame.type === 'welcome') {
      this.#welcome(frame.heartbeatIntervalMs)
    } else if (this.#welcomedAt === undefined) {
      this.#frames.refuse(`${frame.type} before welcome`)
    } else {
      this.#dispatch(frame)
    }
  }

  #dispatch(frame: Exclude<ControlFrame, { type: 'welcome' }>): void {
    switch (frame.type) {
      case 'heartbeat':
        break
      case 'assignments':
        this.#assign(frame)
        break
      case 'network':
      case 'podDrained':
        this.#deps.network.receive(frame)
        break
      case 'podStatusAccepted':
        this.#deps.reporter.accepted(frame.sequence)
        break
      case 'streamOpen':
        this.#streams.accept(frame.stream, frame.request)
        break
      case 'streamCredit':
      case 'streamEnd':
        this.#streams.receive(frame)
        break
    }
  }

  #welcome(heartbeatIntervalMs: number): void {
    const { clock, log, network, reporter } = this.#deps
    if (this.#welcomedAt !== undefined) {
      this.#frames.refuse('a second welcome')
      return
    }
    this.#welcomedAt = clock.monotonic()
    this.#timer.cancel()
    this.#timer = clock.every(heartbeatIntervalMs, () => this.#heartbeat(heartbeatIntervalMs))
    log.info('connected to the control plane')
    if (this.#isHelloOutdated) this.nodeChanged()
    reporter.connected((frame) => this.#frames.send(frame))
    network.connected((frame) => this.#frames.send(frame))
  }

  #heartbeat(intervalMs: number): void {
    const silentMs = this.#deps.clock.monotonic() - this.#lastHeardAt
    const deadAfterMs = Math.max(MISSED_HEARTBEATS * intervalMs, MIN_SILENCE_MS)
    if (silentMs > deadAfterMs) {
      this.close(CLOSE_CODES.goingAway, `nothing heard for ${Math.round(silentMs)} ms`)
      return
    }
    this.#frames.send({ type: 'heartbeat' })
    if (silentMs > deadAfterMs / 2) this.#doubt()
  }

  #doubt(): void {
    if (this.#isDoubtful) return
    this.#isDoubtful = true
    this.#listeners.doubted()
  }

  #assign(frame: AssignmentsFrame): void {
    const { assignments, chain, log, state } = this.#deps
    const { version } = chain
    const chained = chain.add(frame)
    if (chained.kind === 'whole') assignments.assign(state.apply(chained.frames))
    if (chained.kind === 'gap') {
      log.warn({ appliesTo: frame.appliesTo, held: version }, 'assignments lost, asking anew')
      this.#frames.send({ type: 'resync' })
    }
  }

  #over(code: number, reason: string): void {
    if (this.#ended) return
    this.#ended = true
    const { chain, clock, network, reporter } = this.#deps
    this.#timer.cancel()
    reporter.disconnected()
    network.disconnected()
    chain.disconnected()
    this.#streams.lose('the connection to the control plane was lost')
    const liveMs = this.#welcomedAt === undefined ? undefined : clock.monotonic() - this.#welcomedAt
    this.#listeners.ended({ code, reason, liveMs })
  }
}
