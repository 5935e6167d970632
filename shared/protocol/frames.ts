import type { Status } from '../api/generated/meta-v1.ts'
import type { ConfigMap, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from '../api/kinds.ts'
import type { Persisted } from '../api/object.ts'
import type { ChainedFrame, NetworkAgentFrame, NetworkControlFrame } from './network-frames.ts'

/** Raised with every change that an older side would misread. The two sides must agree. */
export const PROTOCOL_VERSION = 3

/** WebSocket close codes: two of the standard's, then our own. */
export const CLOSE_CODES = {
  goingAway: 1001,
  tryAgainLater: 1013,
  protocolVersion: 4001,
  badFrame: 4002,
  superseded: 4003,
  notAdmitted: 4004,
  /** The peer's process ended without a word, and its machine's kernel closed the connection. Nobody sends it. */
  abnormal: 1006,
  /** The agent ends in order. */
  agentStops: 4005,
} as const

/** What an agent says. */
export type AgentFrame =
  | HelloFrame
  | { type: 'heartbeat' }
  | { type: 'nodeStatus'; status: NodeReport }
  /** The agent could not apply a change: it wants all of it anew. */
  | { type: 'resync' }
  | { type: 'podStatus'; reports: PodReport[] }
  | { type: 'events'; events: EventReport[] }
  /** The data of a PersistentVolume that is being deleted is gone from this node. */
  | { type: 'volumeRemoved'; name: string; uid: string }
  /** Acknowledges a stream, or refuses it with the Status that the user shall see. */
  | { type: 'streamOpened'; stream: number }
  | NetworkAgentFrame
  | StreamFrame

/** What the control plane says. */
export type ControlFrame =
  | { type: 'welcome'; nodeName: string; clusterId: string; heartbeatIntervalMs: number }
  /** Answers each heartbeat, so that the agent knows a dead connection from a quiet one. */
  | { type: 'heartbeat' }
  | AssignmentsFrame
  /** The report with this sequence and all before it are in the store. */
  | { type: 'podStatusAccepted'; sequence: number }
  | { type: 'streamOpen'; stream: number; request: StreamRequest }
  | NetworkControlFrame
  | StreamFrame

export interface HelloFrame {
  type: 'hello'
  protocolVersion: number
  agentVersion: string
  /** The version of the assignments that the agent holds; 0: none. */
  assignmentsVersion: number
  node: NodeReport
}

/** What an agent knows of its node. */
export interface NodeReport {
  /** Given to the Node when it is new; afterwards they are the cluster's to change. */
  labels: Record<string, string>
  status: NonNullable<Node['status']>
  /** Images that were found to have nothing for its architecture, as Pods name them. */
  unfitImages?: string[]
}

/**
 * The Pods bound to the node, what they need of other objects, the node itself, and the PersistentVolumes whose data is to
 * be removed.
 * A Pod with a deletionTimestamp is to be ended; a removed Pod's object is gone from the API, so its containers must go
 * at once.
 */
export interface AssignmentsFrame extends ChainedFrame {
  type: 'assignments'
  set: AssignedObject[]
  remove: AssignedReference[]
}

export type AssignedObject =
  | { kind: 'Pod'; object: Persisted<Pod> }
  | { kind: 'ConfigMap'; object: Persisted<ConfigMap> }
  | { kind: 'Secret'; object: Persisted<Secret> }
  | { kind: 'PersistentVolumeClaim'; object: Persisted<PersistentVolumeClaim> }
  /** The agent's own, with its labels and taints alone. */
  | { kind: 'Node'; object: Persisted<Node> }
  /** A claim's, or one whose data this node is to remove. */
  | { kind: 'PersistentVolume'; object: Persisted<PersistentVolume> }

export interface AssignedReference {
  kind: AssignedObject['kind']
  /** Empty where the kind has none. */
  namespace: string
  name: string
  uid: string
}

export interface PodReport {
  /** Rises by one with each report of a connection. */
  sequence: number
  namespace: string
  name: string
  uid: string
  status: NonNullable<Pod['status']>
  /** The Pod's containers are gone from this node for good: its deletion may be finished. */
  terminated: boolean
}

/** An Event about a Pod of this node or the node itself; the control plane adds the rest. */
export interface EventReport {
  /** Absent: about the node. */
  pod?: { namespace: string; name: string; uid: string }
  /** Such as `spec.containers{web}`. */
  fieldPath?: string
  type: 'Normal' | 'Warning'
  reason: string
  message: string
}

/** What a stream is for. */
export type StreamRequest = LogsRequest | ExecRequest | AttachRequest | PortForwardRequest | MetricsRequest

/** What the node and its Pods use: answered with one UsageReport. */
export interface MetricsRequest {
  kind: 'metrics'
}

export interface LogsRequest {
  kind: 'logs'
  podUid: string
  container: string
  follow: boolean
  previous: boolean
  timestamps: boolean
  tailLines?: number
  sinceSeconds?: number
  sinceTime?: string
  limitBytes?: number
}

/** A command in a running container, with streams as command-channels.ts has them. */
export interface ExecRequest extends CommandRequest {
  kind: 'exec'
  command: string[]
}

/** The same, to the process that a container runs. */
export interface AttachRequest extends CommandRequest {
  kind: 'attach'
}

interface CommandRequest {
  podUid: string
  container: string
  stdin: boolean
  stdout: boolean
  /** With a terminal all output comes as stdout. */
  stderr: boolean
  tty: boolean
}

/** One connection to a port of the Pod's loopback: channel 0 to it, channel 1 from it. */
export interface PortForwardRequest {
  kind: 'portForward'
  podUid: string
  port: number
}

/** In characters. */
export interface TerminalSize {
  width: number
  height: number
}

/** Numbered streams with flow control, in both directions. Data goes in binary messages, see codec.ts. */
export type StreamFrame =
  /** The receiver has taken so many more bytes: the sender may have that much more under way. */
  | { type: 'streamCredit'; stream: number; bytes: number }
  /** The sender is done; with `error` it did not end well. Either side may end a stream at any time. */
  | { type: 'streamEnd'; stream: number; error?: Status }

/** A longer message is a bad frame. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024

/** Bytes that a stream's sender may have under way before the first credit. */
export const INITIAL_STREAM_CREDIT = 256 * 1024

/** One binary message: bytes of a stream. */
export interface DataMessage {
  stream: number
  /** What it means is the stream's business: 0 stdin, 1 stdout, 2 stderr, as in the Kubernetes channel protocol. */
  channel: number
  data: Uint8Array
}
