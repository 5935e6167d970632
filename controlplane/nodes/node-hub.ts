import { ApiError } from '../../shared/api/api-error.ts'
import {
  CONFIG_MAPS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  SECRETS,
} from '../../shared/api/kinds.ts'
import { keyOf } from '../../shared/api/object.ts'
import type { Clock } from '../../shared/clock.ts'
import { type ClusterFacts, DEFAULT_CLUSTER_FACTS } from '../../shared/cluster-facts.ts'
import type { Logger } from '../../shared/log.ts'
import { CLOSE_CODES, type StreamRequest } from '../../shared/protocol/frames.ts'
import type { MessageSocket } from '../../shared/protocol/message-socket.ts'
import type { Stream } from '../../shared/protocol/stream.ts'
import type { Random } from '../../shared/random.ts'
import type { Client } from '../client/client.ts'
import type { Informers } from '../reconcile/informer.ts'
import { referenceKey } from './desired-assignments.ts'
import { NodeNetwork } from './network/node-network.ts'
import { NodeLogs } from './node-logs.ts'
import { type ConnectedNode, NodeSession } from './node-session.ts'

export interface NodeHubDeps {
  client: Client
  informers: Informers
  clock: Clock
  random: Random
  log: Logger
  clusterId: string
  /** What nodes are told of the network's ranges. */
  cluster: ClusterFacts
  heartbeat: HeartbeatOptions
}

export interface HeartbeatOptions {
  /** How often agents are asked to say that they live. */
  intervalMs: number
  /** What a Lease says of how long it holds. Whether a node is lost is decided elsewhere, from its Lease. */
  leaseDurationSeconds: number
  /** A connection on which nothing is heard for so long is dropped. */
  silenceMs: number
}

const DEFAULT_HEARTBEAT: HeartbeatOptions = { intervalMs: 1000, leaseDurationSeconds: 40, silenceMs: 30_000 }

/** All agents that are connected. */
export interface NodeHub {
  /** Takes over an open socket of a node that has proved to hold the key. Whether the Node is that key's is seen here. */
  accept(socket: MessageSocket, nodeName: string, keyFingerprint: string): void
  /** As NodeStreams of the apiserver has it. */
  open(nodeName: string, request: StreamRequest, signal: AbortSignal): Promise<Stream>
  /** Names of the nodes that are registered and connected now. */
  connected(): string[]
  /** Says goodbye to all agents; they will dial again. */
  close(): void
}

/** Create before `informers.start`, so that what it watches is read with the rest. */
export function createNodeHub(
  options: Omit<NodeHubDeps, 'cluster' | 'heartbeat'> & {
    cluster?: ClusterFacts
    heartbeat?: Partial<HeartbeatOptions>
  },
): NodeHub {
  const { cluster = DEFAULT_CLUSTER_FACTS } = options
  const hubDeps: NodeHubDeps = { ...options, cluster, heartbeat: { ...DEFAULT_HEARTBEAT, ...options.heartbeat } }
  const network = new NodeNetwork(hubDeps)
  const deps = { ...hubDeps, network }
  const logs = new NodeLogs(deps)
  const sessions = new Set<NodeSession>()
  const current = new Map<string, NodeSession>()
  let closed = false
  const stops = subscribe(deps, sessions, current)
  void options.informers.whenSynced().then(
    () => closed || network.start(),
    () => undefined, // stopped before that
  )

  const admit = (session: NodeSession, { nodeName }: ConnectedNode) => {
    const previous = current.get(nodeName)
    current.set(nodeName, session)
    previous?.close(CLOSE_CODES.superseded, 'another connection of this node has taken over')
  }
  const forget = (session: NodeSession, { nodeName }: ConnectedNode) => {
    sessions.delete(session)
    if (current.get(nodeName) === session) current.delete(nodeName)
  }

  return {
    accept(socket, nodeName, keyFingerprint) {
      if (closed) {
        socket.close(CLOSE_CODES.goingAway, STOPPING)
        return
      }
      const ofNode = { ...deps, log: logs.of(nodeName) }
      sessions.add(new NodeSession(ofNode, socket, { nodeName, keyFingerprint }, { admit, forget }))
    },
    async open(nodeName, request, signal) {
      const session = current.get(nodeName)
      const opening = session?.openStream(request, signal)
      if (!opening) throw new ApiError('ServiceUnavailable', `node ${JSON.stringify(nodeName)} is not connected`)
      return opening
    },
    connected: () => [...current].filter(([, session]) => session.live).map(([name]) => name),
    close() {
      closed = true
      for (const stop of stops.splice(0)) stop()
      network.stop()
      for (const session of [...sessions]) session.close(CLOSE_CODES.goingAway, STOPPING)
    },
  }
}

const STOPPING = 'the control plane stops'

/** One subscription for all sessions: a change goes to those whom it concerns. */
function subscribe(
  { informers }: NodeHubDeps,
  sessions: ReadonlySet<NodeSession>,
  current: ReadonlyMap<string, NodeSession>,
): (() => void)[] {
  const changed = (reference: string) => {
    for (const session of sessions) session.live?.objectChanged(reference)
  }
  return [
    informers.of(PODS).onChange((change) => current.get(change.object.spec.nodeName ?? '')?.live?.podChanged(change)),
    informers.of(CONFIG_MAPS).onChange(({ object }) => changed(referenceKey('ConfigMap', keyOf(object)))),
    informers.of(SECRETS).onChange(({ object }) => changed(referenceKey('Secret', keyOf(object)))),
    informers
      .of(PERSISTENT_VOLUME_CLAIMS)
      .onChange(({ object }) => changed(referenceKey('PersistentVolumeClaim', keyOf(object)))),
    informers.of(PERSISTENT_VOLUMES).onChange(({ object }) => {
      changed(referenceKey('PersistentVolume', object.metadata.name))
      for (const session of sessions) session.live?.volumeChanged(object)
    }),
    informers.of(NODES).onChange(({ type, object }) => {
      const session = current.get(object.metadata.name)
      if (type === 'deleted') session?.nodeDeleted(object.metadata.uid)
      else session?.live?.nodeChanged()
    }),
  ]
}
