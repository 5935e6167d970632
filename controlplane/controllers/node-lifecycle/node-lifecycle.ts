import type { Taint } from '../../../shared/api/generated/core-v1.ts'
import { LEASES, type Lease, NODES, type Node, PODS, type Pod } from '../../../shared/api/kinds.ts'
import { draft, type KubeObject, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import { type Clock, timestamp } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { Informer } from '../../reconcile/informer.ts'
import { podsByNode } from '../../reconcile/pods-by-node.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { isPodReady } from '../pods/pod-state.ts'
import { unlessGone, unlessGoneOrChanged } from '../unless-gone.ts'
import { HeartbeatMonitor } from './heartbeat-monitor.ts'
import { readinessOf, unknownConditions } from './node-conditions.ts'
import { taintsToSet } from './node-taints.ts'
import { RoundTrip } from './round-trip.ts'

export interface NodeLifecycleOptions {
  /** How long a node may miss its heartbeats before it counts as lost. */
  nodeMonitorGraceMs?: number
  nodeMonitorPeriodMs?: number
}

/** Agents that have lost us dial at least every 10 s. */
const RETURN_GRACE_MS = 15_000
const LEASE_NAMESPACE = 'kube-node-lease'
const ALL: ObjectKey = 'nodes'

/**
 * Marks nodes whose Lease is not renewed as unknown, and taints nodes by their conditions. Works on all nodes in one
 * round, because whether one is lost depends on whether all are.
 */
export class NodeLifecycle implements Controller {
  readonly name = 'node-lifecycle'
  readonly initialKeys = [ALL]
  readonly watches = [watch(NODES, (change) => this.#onNode(change)), watch(LEASES, (change) => this.#onLease(change))]
  readonly #client: Client
  readonly #clock: Clock
  readonly #log: Logger
  readonly #recorder: EventRecorder
  readonly #nodes: Informer<Node>
  readonly #podsOn: (nodeName: string) => readonly Persisted<Pod>[]
  readonly #periodMs: number
  readonly #monitor: HeartbeatMonitor
  readonly #roundTrip: RoundTrip
  #lastRoundMs: number | undefined

  constructor(
    deps: ControllerDeps,
    { nodeMonitorGraceMs = 4_000, nodeMonitorPeriodMs = 500 }: NodeLifecycleOptions = {},
  ) {
    this.#client = deps.client
    this.#clock = deps.clock
    this.#log = deps.log
    this.#recorder = createEventRecorder({ ...deps, component: 'node-controller' })
    this.#nodes = deps.informers.of(NODES)
    deps.informers.of(LEASES)
    this.#podsOn = podsByNode(deps.informers)
    this.#roundTrip = new RoundTrip(deps)
    this.#periodMs = nodeMonitorPeriodMs
    this.#monitor = new HeartbeatMonitor({
      graceMs: nodeMonitorGraceMs,
      roundMs: nodeMonitorPeriodMs,
      returnGraceMs: Math.max(nodeMonitorGraceMs, RETURN_GRACE_MS),
    })
  }

  async reconcile(): Promise<Requeue> {
    const nodes = this.#nodes.list()
    const names = nodes.map(({ metadata }) => metadata.name)
    this.#countSilence(names)
    if (!this.#roundTrip.isUnderWay && this.#monitor.suspect(names)) this.#roundTrip.begin()
    const results = await Promise.allSettled(nodes.map((node) => this.#tend(node)))
    for (const result of results) {
      if (result.status === 'rejected')
        this.#log.warn({ err: result.reason }, 'node not tended, next round tries again')
    }
    return { requeueAfterMs: this.#periodMs }
  }

  #countSilence(names: readonly string[]): void {
    const nowMs = this.#clock.monotonic()
    const wasDisrupted = this.#monitor.isDisrupted
    this.#monitor.round(names, nowMs - (this.#lastRoundMs ?? nowMs))
    this.#lastRoundMs = nowMs
    if (wasDisrupted === this.#monitor.isDisrupted) return
    if (wasDisrupted) this.#log.info('nodes are heard again')
    else this.#log.warn('all nodes fell silent at once: no Pod is evicted until one is heard')
  }

  async #tend(node: Persisted<Node>): Promise<void> {
    const isLost = this.#monitor.isLost(node.metadata.name)
    const seen = isLost ? ((await this.#markUnknown(node)) ?? node) : node
    await this.#taint(seen)
    if (isLost) await this.#markPodsNotReady(node.metadata.name)
  }

  /**
   * Undefined where nothing was to be said. Written only onto the version seen here: a node that has just reported
   * must not be contradicted.
   */
  async #markUnknown(node: Persisted<Node>): Promise<Persisted<Node> | undefined> {
    const conditions = unknownConditions(node, this.#clock.now())
    if (!conditions) return undefined
    const marked = { ...node, status: { ...node.status, conditions } }
    const written = await unlessGoneOrChanged(this.#client.updateStatus(NODES, marked))
    if (written) this.#tell(node, 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`)
    return written
  }

  async #taint(node: Persisted<Node>): Promise<void> {
    const taints = this.#taintsToSet(node)
    if (!taints) return
    const next = draft(node)
    if (taints.length > 0) next.spec.taints = taints
    else delete next.spec.taints
    await unlessGoneOrChanged(this.#client.update(NODES, next))
  }

  /** A node within its grace keeps the taint it has: it may have been lost before we started, or be coming back. */
  #taintsToSet(node: Persisted<Node>): Taint[] | undefined {
    const isLost = this.#monitor.isLost(node.metadata.name)
    const eviction = this.#monitor.isDisrupted ? 'no' : isLost ? 'yes' : 'as it is'
    return taintsToSet(node, eviction, this.#clock.now())
  }

  /** Nobody else would: so that what sends requests to ready Pods leaves these out. */
  async #markPodsNotReady(nodeName: string): Promise<void> {
    for (const pod of this.#podsOn(nodeName)) {
      if (!isPodReady(pod)) continue
      await unlessGone(this.#client.modify(PODS, pod.metadata, (draft) => this.#markNotReady(draft), { status: true }))
      this.#recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
    }
  }

  #markNotReady(pod: Pod): false | undefined {
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')
    if (ready?.status !== 'True') return false
    Object.assign(ready, { status: 'False', lastTransitionTime: timestamp(this.#clock.now()) })
    return undefined
  }

  #tell(node: Persisted<Node>, reason: string, message: string): void {
    this.#recorder.event(node, 'Normal', reason, message)
  }

  /** Rounds go by the clock; a change that asks for another taint is met at once. */
  #onNode({ type, object, previous }: Change<Node>): ObjectKey[] {
    const { name } = object.metadata
    if (type === 'deleted') {
      this.#monitor.forget(name)
      this.#tell(object, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`)
      return []
    }
    if (type === 'added' && readinessOf(object) === 'Absent') {
      this.#tell(object, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`)
    }
    // We never say that a node is ready: it does, and is there.
    if (type === 'updated' && readinessOf(object) === 'True' && readinessOf(previous) !== 'True') {
      this.#monitor.heard(name)
    }
    return this.#taintsToSet(object) ? [ALL] : []
  }

  #onLease(change: Change<KubeObject>): ObjectKey[] {
    const { type, object } = change
    const { namespace, name = '' } = object.metadata
    if (this.#roundTrip.isEndedBy(change)) {
      this.#monitor.confirm()
      return [ALL]
    }
    // A Lease that is new to us may be an old one.
    if (namespace !== LEASE_NAMESPACE || type !== 'updated') return []
    if ((object as Lease).spec?.holderIdentity) this.#monitor.heard(name)
    else this.#monitor.left(name)
    return []
  }
}
