import { isApiError } from '../../shared/api/api-error.ts'
import type { Timer } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { decodeAgentMessage } from '../../shared/protocol/codec.ts'
import { FrameSocket } from '../../shared/protocol/frame-socket.ts'
import {
  type AgentFrame,
  CLOSE_CODES,
  type ControlFrame,
  type HelloFrame,
  PROTOCOL_VERSION,
  type StreamRequest,
} from '../../shared/protocol/frames.ts'
import type { MessageSocket } from '../../shared/protocol/message-socket.ts'
import type { Stream } from '../../shared/protocol/stream.ts'
import { LiveNode } from './live-node.ts'
import type { NodeNetwork } from './network/node-network.ts'
import type { NodeHubDeps } from './node-hub.ts'
import { NodeLease } from './node-lease.ts'
import { NodeRecord } from './node-record.ts'

const HELLO_TIMEOUT_MS = 10_000

export interface ConnectedNode {
  nodeName: string
  keyFingerprint: string
}

/** What all sessions share. */
export interface NodeSessionDeps extends NodeHubDeps {
  network: NodeNetwork
}

/** What a session tells its hub. */
export interface SessionOwner {
  /** The agent is registered: earlier connections of the node are over. */
  admit(session: NodeSession, node: ConnectedNode): void
  forget(session: NodeSession, node: ConnectedNode): void
}

type State =
  | { phase: 'greeting'; timeout: Timer }
  | { phase: 'registering' }
  | { phase: 'live'; node: LiveNode; nodeUid: string }
  | { phase: 'closed' }

/** One connection of an agent: hello, registration, then a LiveNode until the socket closes. */
export class NodeSession {
  readonly #deps: NodeSessionDeps
  readonly #log: Logger
  readonly #node: ConnectedNode
  readonly #owner: SessionOwner
  readonly #frames: FrameSocket<AgentFrame, ControlFrame>
  #state: State

  constructor(deps: NodeSessionDeps, socket: MessageSocket, node: ConnectedNode, owner: SessionOwner) {
    this.#deps = deps
    this.#node = node
    this.#owner = owner
    this.#log = deps.log
    this.#frames = new FrameSocket(socket, decodeAgentMessage, this.#log)
    this.#frames.onFrame({
      frame: (frame) => this.#receive(frame),
      data: (message) => this.live?.receiveData(message),
    })
    this.#frames.onClose((code, reason) => this.#closed(code, reason))
    const timeout = deps.clock.after(HELLO_TIMEOUT_MS, () => this.#frames.refuse('no hello'))
    this.#state = { phase: 'greeting', timeout }
  }

  /** The node, once it is registered and as long as it is connected. */
  get live(): LiveNode | undefined {
    return this.#state.phase === 'live' ? this.#state.node : undefined
  }

  openStream(request: StreamRequest, signal: AbortSignal): Promise<Stream> | undefined {
    return this.live?.openStream(request, signal)
  }

  /** The Node object is gone: the agent has to register anew. */
  nodeDeleted(uid: string): void {
    if (this.#state.phase === 'live' && this.#state.nodeUid === uid) {
      this.close(CLOSE_CODES.notAdmitted, 'the Node was deleted')
    }
  }

  close(code: number, reason: string): void {
    this.#frames.close(code, reason)
    this.#closed(code, reason)
  }

  #receive(frame: AgentFrame): void {
    if (this.#state.phase === 'live' && frame.type !== 'hello') {
      this.#state.node.receive(frame)
    } else if (this.#state.phase === 'greeting' && frame.type === 'hello') {
      this.#state.timeout.cancel()
      void this.#greet(frame)
    } else {
      this.#frames.refuse(`${frame.type} while ${this.#state.phase}`)
    }
  }

  async #greet(hello: HelloFrame): Promise<void> {
    if (hello.protocolVersion !== PROTOCOL_VERSION) {
      const versions = `the control plane speaks ${PROTOCOL_VERSION}, the agent ${hello.protocolVersion}`
      this.#log.warn({ ours: PROTOCOL_VERSION, theirs: hello.protocolVersion }, 'agent refused: other protocol version')
      this.close(CLOSE_CODES.protocolVersion, `protocol version: ${versions}`)
      return
    }
    this.#state = { phase: 'registering' }
    try {
      await this.#register(hello)
    } catch (error) {
      this.#log.warn({ err: error }, 'agent not registered')
      const why = isApiError(error) ? error.message : 'the control plane cannot do it now'
      this.close(CLOSE_CODES.tryAgainLater, `node not registered: ${why}`)
    }
  }

  async #register(hello: HelloFrame): Promise<void> {
    const deps = { ...this.#deps, ...this.#node, log: this.#log }
    const lease = new NodeLease({ ...deps, durationSeconds: deps.heartbeat.leaseDurationSeconds })
    const record = new NodeRecord(deps)
    const nodeUid = await record.claim(hello.node)
    if (nodeUid === undefined) {
      this.#log.warn('agent refused: the node name belongs to another key')
      this.close(CLOSE_CODES.notAdmitted, 'the node name belongs to another key')
      return
    }
    // First the Lease: a Node that says Ready without a fresh one would be taken for lost at once.
    await lease.renew()
    await record.write(hello.node)
    if (this.#state.phase !== 'registering') return
    const node = new LiveNode({ ...deps, frames: this.#frames, lease, record, hello })
    this.#state = { phase: 'live', node, nodeUid }
    this.#owner.admit(this, this.#node)
    this.#welcome()
    await this.#deps.informers.whenSynced()
    node.startAssignments()
  }

  #welcome(): void {
    const { clusterId, heartbeat } = this.#deps
    const { nodeName } = this.#node
    this.#frames.send({ type: 'welcome', nodeName, clusterId, heartbeatIntervalMs: heartbeat.intervalMs })
    this.#log.info('agent connected')
  }

  #closed(code: number, reason: string): void {
    if (this.#state.phase === 'closed') return
    if (this.#state.phase === 'greeting') this.#state.timeout.cancel()
    this.live?.end(hasAgentEnded(code))
    this.#state = { phase: 'closed' }
    this.#log.info({ code, reason }, 'agent disconnected')
    this.#owner.forget(this, this.#node)
  }
}

/** A machine that loses its power or its line closes no connection. */
function hasAgentEnded(code: number): boolean {
  return code === CLOSE_CODES.agentStops || code === CLOSE_CODES.abnormal
}
