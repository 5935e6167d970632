import { ApiError } from '../../shared/api/api-error.ts'
import {
  CONFIG_MAPS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type Pod,
  SECRETS,
} from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Timer } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { FrameSocket } from '../../shared/protocol/frame-socket.ts'
import {
  type AgentFrame,
  CLOSE_CODES,
  type ControlFrame,
  type DataMessage,
  type HelloFrame,
  type NodeReport,
  type PodReport,
  type StreamRequest,
} from '../../shared/protocol/frames.ts'
import type { Stream } from '../../shared/protocol/stream.ts'
import { StreamOpener } from '../../shared/protocol/stream-opener.ts'
import { nodeNameOf } from '../../shared/storage/local-volumes.ts'
import type { Change } from '../reconcile/controller.ts'
import { podsByNode } from '../reconcile/pods-by-node.ts'
import { createAgentEvents } from './agent-events.ts'
import { AssignmentSender } from './assignment-sender.ts'
import { desiredAssignments } from './desired-assignments.ts'
import type { NetworkMember } from './network/node-network.ts'
import type { NodeLease } from './node-lease.ts'
import type { NodeRecord } from './node-record.ts'
import type { NodeSessionDeps } from './node-session.ts'
import { PodReportQueue } from './pod-report-queue.ts'
import { writePodReport } from './pod-report-writer.ts'
import { mergePodStatus } from './pod-status.ts'
import { forgetVolumeData, volumesToRemove } from './volume-removal.ts'

/** Bytes that wait for an agent before it gets no answers to its heartbeats. */
const MOST_BACKLOG_BYTES = 1024 * 1024
/** Reports that are remembered before those are forgotten that are not about Pods of the node. */
const MOST_TOLD = 1000

/** How long an agent may take to accept a stream. */
const OPEN_PATIENCE_MS = 10_000

export interface LiveNodeDeps extends NodeSessionDeps {
  log: Logger
  nodeName: string
  frames: FrameSocket<AgentFrame, ControlFrame>
  lease: NodeLease
  record: NodeRecord
  hello: HelloFrame
}

/** A node whose agent is registered and connected: what it says goes to the API, what it shall do goes to it. */
export class LiveNode {
  readonly #deps: LiveNodeDeps
  /** Those of this node. */
  readonly #pods: () => readonly Persisted<Pod>[]
  readonly #streams: StreamOpener
  readonly #assignments: AssignmentSender
  readonly #reports: PodReportQueue
  /** The agent's newest word on each Pod. */
  readonly #told = new Map<string, PodReport>()
  readonly #events: ReturnType<typeof createAgentEvents>
  readonly #ended = new AbortController()
  #report: NodeReport
  #network: NetworkMember | undefined
  #silence: Timer | undefined

  constructor(deps: LiveNodeDeps) {
    const { frames, nodeName } = deps
    this.#deps = deps
    const podsOn = podsByNode(deps.informers)
    this.#pods = () => podsOn(nodeName)
    this.#report = deps.hello.node
    this.#streams = new StreamOpener(frames)
    this.#assignments = new AssignmentSender({
      clock: deps.clock,
      desired: () => this.#desired(),
      send: (frame) => frames.send(frame),
      backlogBytes: () => frames.bufferedBytes,
      heldVersion: deps.hello.assignmentsVersion,
    })
    this.#reports = new PodReportQueue({
      store: (report) => writePodReport({ ...deps, nodeName, signal: this.#ended.signal }, report),
      accepted: (sequence) => frames.send({ type: 'podStatusAccepted', sequence }),
    })
    this.#events = createAgentEvents(deps)
    this.#listenForSilence()
  }

  /** Call when the informers are synced: before that, a missing Pod does not mean that it is unwanted. */
  startAssignments(): void {
    if (this.#ended.signal.aborted) return
    // First the network: a Pod that starts needs it.
    this.#network = this.#joinNetwork()
    this.#assignments.start()
  }

  /** A Pod of this node is not what it was. While its agent is connected, nobody knows better how it is. */
  podChanged({ type, object }: Change<Pod>): void {
    this.#assignments.wake()
    const { uid } = object.metadata
    const told = this.#told.get(uid)
    if (type === 'deleted') this.#told.delete(uid)
    else if (told && mergePodStatus(object.status, told.status, '').kind === 'changed') this.#reports.again(told)
  }

  /** Its Node is not what it was. */
  nodeChanged(): void {
    this.#assignments.wake()
  }

  /** `reference` as of `referenceKey`. */
  objectChanged(reference: string): void {
    this.#assignments.wakeFor(reference)
  }

  /** A PersistentVolume has changed: its data may be on this node. */
  volumeChanged(volume: PersistentVolume): void {
    if (nodeNameOf(volume) === this.#deps.nodeName) this.#assignments.wake()
  }

  /** An agent that is frozen answers nothing, long before its connection counts as lost: nobody waits for that. */
  async openStream(request: StreamRequest, signal: AbortSignal): Promise<Stream> {
    const { clock, nodeName } = this.#deps
    const impatience = new AbortController()
    const timer = clock.after(OPEN_PATIENCE_MS, () => {
      impatience.abort(new ApiError('Timeout', `node ${JSON.stringify(nodeName)} does not answer`))
    })
    try {
      return await this.#streams.open(request, AbortSignal.any([signal, impatience.signal]))
    } finally {
      timer.cancel()
    }
  }

  receive(frame: Exclude<AgentFrame, HelloFrame>): void {
    this.#listenForSilence()
    switch (frame.type) {
      case 'heartbeat':
        this.#heartbeat()
        break
      case 'nodeStatus':
        this.#report = frame.status
        this.#bringUpNode()
        break
      case 'resync':
        this.#assignments.resync()
        break
      case 'podStatus':
        for (const report of frame.reports) this.#remember(report)
        if (!frame.reports.every((report) => this.#reports.add(report))) {
          this.#deps.frames.refuse('reports out of sequence, or too many at once')
        }
        break
      case 'events':
        for (const event of frame.events) this.#events.take(event)
        break
      case 'volumeRemoved':
        void forgetVolumeData(this.#deps, frame)
        break
      case 'networkApplied':
      case 'networkResync':
      case 'drainPod':
        this.#network?.receive(frame)
        break
      case 'streamOpened':
        this.#streams.opened(frame.stream)
        break
      case 'streamCredit':
      case 'streamEnd':
        this.#streams.receive(frame)
        break
    }
  }

  receiveData(message: DataMessage): void {
    this.#streams.receiveData(message)
  }

  /** `agentEnded`: its process did, and not its machine. */
  end(agentEnded: boolean): void {
    this.#ended.abort()
    if (agentEnded) void this.#deps.lease.release()
    this.#silence?.cancel()
    this.#assignments.stop()
    this.#network?.leave()
    this.#streams.lose(`the connection to node ${this.#deps.nodeName} was lost`)
  }

  #joinNetwork(): NetworkMember {
    const { frames, network, nodeName } = this.#deps
    return network.join({
      nodeName,
      send: (message) => frames.sendEncoded(message),
      backlogBytes: () => frames.bufferedBytes,
      podDrained: (uid) => frames.send({ type: 'podDrained', uid }),
      refuse: (reason) => frames.refuse(reason),
    })
  }

  /** An agent may speak of Pods that are gone, or never were its own: those must not add up. */
  #remember(report: PodReport): void {
    this.#told.set(report.uid, report)
    if (this.#told.size <= MOST_TOLD) return
    const ours = new Set(this.#pods().map(({ metadata }) => metadata.uid))
    for (const uid of this.#told.keys()) if (!ours.has(uid)) this.#told.delete(uid)
  }

  #heartbeat(): void {
    const { frames, lease } = this.#deps
    // To who does not read, what is under way tells as much; more would only fill our memory.
    if (frames.bufferedBytes < MOST_BACKLOG_BYTES) frames.send({ type: 'heartbeat' })
    lease.beat()
    // While the agent was not heard the Node was marked as lost; it is found again.
    this.#bringUpNode()
  }

  #bringUpNode(): void {
    this.#deps.record.bringUp(this.#report, this.#deps.informers.of(NODES).get(this.#deps.nodeName))
  }

  #desired() {
    const { informers, nodeName } = this.#deps
    return desiredAssignments(this.#pods(), {
      node: () => informers.of(NODES).get(nodeName),
      configMap: (key) => informers.of(CONFIG_MAPS).get(key),
      secret: (key) => informers.of(SECRETS).get(key),
      claim: (key) => informers.of(PERSISTENT_VOLUME_CLAIMS).get(key),
      volume: (name) => informers.of(PERSISTENT_VOLUMES).get(name),
      volumesToRemove: () => volumesToRemove(informers.of(PERSISTENT_VOLUMES).list(), nodeName),
    })
  }

  /** A connection that says nothing any more is dropped, so that its memory and its streams do not wait for ever. */
  #listenForSilence(): void {
    const { clock, heartbeat, frames, log } = this.#deps
    this.#silence?.cancel()
    this.#silence = clock.after(heartbeat.silenceMs, () => {
      log.warn({ silenceMs: heartbeat.silenceMs }, 'agent not heard, connection dropped')
      frames.close(CLOSE_CODES.goingAway, 'no heartbeat')
    })
  }
}
