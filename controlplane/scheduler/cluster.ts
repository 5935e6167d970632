import type { Namespace, Node, Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { unfitImagesOf } from '../../shared/unfit-images.ts'
import type { ClusterChange } from './cluster-change.ts'
import type { ClusterView } from './framework.ts'
import { NodeInfo } from './node-info.ts'
import { inZoneOrder, zoneOf } from './node-order.ts'
import { PodClasses } from './pod-class.ts'
import { type PodInfo, podInfoOf } from './pod-info.ts'
import { Nominations } from './preemption/nominations.ts'
import { Storage } from './storage.ts'
import { Tally } from './tally.ts'

interface Placement {
  readonly pod: PodInfo
  readonly node: NodeInfo
  /** Decided by this scheduler, and not yet seen in the API. */
  readonly assumed: boolean
}

/**
 * All nodes and all Pods placed on them, assumed ones included. `onChange` hears of what may help a waiting Pod, after
 * the cluster shows it.
 */
export class Cluster implements ClusterView {
  readonly classes = new PodClasses()
  readonly storage = new Storage(() => this.#onChange({ type: 'storageChanged' }))
  readonly nominations = new Nominations((pod, nodeName) => this.#giveUp(pod, nodeName))
  /** Pods that are being sent away, from the decision until the API shows that they end. */
  readonly evicted = new Set<string>()
  readonly #onChange: (change: ClusterChange) => void
  readonly #nodes = new Map<string, NodeInfo>()
  readonly #placements = new Map<string, Placement>()
  readonly #namespaces = new Map<string, Readonly<Record<string, string>>>()
  readonly #priorities = new Tally()
  readonly #nodesWithImage = new Map<string, number>()
  #ordered: readonly NodeInfo[] | undefined

  constructor(onChange: (change: ClusterChange) => void) {
    this.#onChange = onChange
  }

  get nodes(): readonly NodeInfo[] {
    this.#ordered ??= inZoneOrder([...this.#nodes.values()].filter(({ node }) => node))
    return this.#ordered
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name)
  }

  /** Of all Pods that are placed; infinite where there are none. */
  get lowestPriority(): number {
    return this.#priorities.lowest
  }

  namespaceLabels(name: string): Readonly<Record<string, string>> {
    return this.#namespaces.get(name) ?? {}
  }

  nodesWithImage(name: string): number {
    return this.#nodesWithImage.get(name) ?? 0
  }

  setNamespace({ metadata }: Persisted<Namespace>): void {
    const labels = metadata.labels ?? {}
    if (sameJson(labels, this.#namespaces.get(metadata.name))) return
    this.#namespaces.set(metadata.name, labels)
    this.#onChange({ type: 'namespaceRelabelled', namespace: metadata.name })
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name)
  }

  setNode(node: Persisted<Node>): void {
    const info = this.#nodeInfo(node.metadata.name)
    const previous = info.node
    const zone = zoneOf(info)
    this.#countImages(info, -1)
    info.setNode(node)
    this.#countImages(info, 1)
    if (!previous || zone !== zoneOf(info)) this.#ordered = undefined
    if (!previous) this.#onChange({ type: 'nodeAdded', node: info })
    else if (!sameForScheduling(previous, node)) this.#onChange({ type: 'nodeUpdated', node: info })
  }

  /** Pods that still name the node keep their place in the books until they are gone themselves. */
  removeNode(name: string): void {
    const info = this.#nodes.get(name)
    if (!info?.node) return
    this.#countImages(info, -1)
    info.setNode(undefined)
    this.#ordered = undefined
    this.#dropIfEmpty(info)
    this.#onChange({ type: 'nodeRemoved', node: info })
  }

  /** Takes a Pod that has a nodeName, as the API shows it; what was assumed of it is thereby confirmed. */
  setPod(pod: Persisted<Pod>): void {
    const nodeName = pod.spec.nodeName ?? ''
    if (pod.metadata.deletionTimestamp) this.evicted.delete(pod.metadata.uid)
    const known = this.#placements.get(pod.metadata.uid)
    if (known?.node.name === nodeName && samePlacement(known.pod.pod, pod)) {
      this.#renew(known, pod)
      return
    }
    if (known) this.#detach(known)
    const placement = { pod: podInfoOf(pod), node: this.#nodeInfo(nodeName), assumed: false }
    this.#attach(placement)
    if (known) this.#onChange({ type: 'podRemoved', node: known.node, pod: known.pod })
    this.#onChange({ type: 'podPlaced', node: placement.node, pod: placement.pod })
  }

  removePod(uid: string): void {
    this.evicted.delete(uid)
    const placement = this.#placements.get(uid)
    if (!placement) return
    this.#detach(placement)
    this.#dropIfEmpty(placement.node)
    this.#onChange({ type: 'podRemoved', node: placement.node, pod: placement.pod })
  }

  /** Counts a Pod on the node that was chosen for it, before the API knows. */
  assume(pod: PodInfo, node: NodeInfo): void {
    this.#attach({ pod, node, assumed: true })
    this.nominations.delete(pod.uid)
    this.#onChange({ type: 'podPlaced', node, pod })
  }

  /** Takes an assumption back, unless the API has confirmed it meanwhile. */
  forget(uid: string): void {
    if (this.#placements.get(uid)?.assumed) this.removePod(uid)
  }

  /** True for a Pod that is counted on a node, assumed or seen. */
  holds(uid: string): boolean {
    return this.#placements.has(uid)
  }

  /** Counts a Pod on a node for as long as a cycle supposes it; nobody is told. */
  put(pod: PodInfo, node: NodeInfo): void {
    node.add(pod)
    this.classes.add(pod, node)
  }

  /** Counts a Pod there no more, likewise. */
  take(pod: PodInfo, node: NodeInfo): void {
    node.remove(pod.uid)
    this.classes.remove(pod, node)
  }

  #attach(placement: Placement): void {
    const { pod, node } = placement
    this.#placements.set(pod.uid, placement)
    this.#priorities.add(pod.priority)
    this.put(pod, node)
  }

  #detach({ pod, node }: Placement): void {
    this.#placements.delete(pod.uid)
    this.#priorities.remove(pod.priority)
    this.take(pod, node)
  }

  #renew({ pod: known, node }: Placement, pod: Persisted<Pod>): void {
    const renewed = { ...known, pod }
    this.#placements.set(known.uid, { pod: renewed, node, assumed: false })
    node.renew(renewed)
  }

  /** The room that was kept for a nominated Pod is there for others. */
  #giveUp(pod: PodInfo, nodeName: string): void {
    const node = this.#nodes.get(nodeName)
    if (node) this.#onChange({ type: 'podRemoved', node, pod })
  }

  #nodeInfo(name: string): NodeInfo {
    const info = this.#nodes.get(name) ?? new NodeInfo(name)
    this.#nodes.set(name, info)
    return info
  }

  #dropIfEmpty(info: NodeInfo): void {
    if (!info.node && info.pods.size === 0) this.#nodes.delete(info.name)
  }

  #countImages(info: NodeInfo, sign: 1 | -1): void {
    for (const name of info.images.keys()) {
      const count = this.nodesWithImage(name) + sign
      if (count > 0) this.#nodesWithImage.set(name, count)
      else this.#nodesWithImage.delete(name)
    }
  }
}

function sameForScheduling(a: Persisted<Node>, b: Persisted<Node>): boolean {
  const relevant = ({ metadata, spec, status }: Persisted<Node>) => [
    metadata.labels,
    spec?.taints,
    spec?.unschedulable,
    status?.allocatable,
    unfitImagesOf(metadata.annotations),
  ]
  return sameJson(relevant(a), relevant(b))
}

function samePlacement(a: Persisted<Pod>, b: Persisted<Pod>): boolean {
  return (
    Boolean(a.metadata.deletionTimestamp) === Boolean(b.metadata.deletionTimestamp) &&
    sameJson(a.metadata.labels, b.metadata.labels) &&
    sameJson(a.metadata.ownerReferences, b.metadata.ownerReferences) &&
    sameJson(resourcesOf(a), resourcesOf(b))
  )
}

/** The only part of a placed Pod's spec that may change and that counts here: a resize. */
function resourcesOf({ spec }: Persisted<Pod>) {
  return [spec.resources, spec.containers.map(({ resources }) => resources)]
}

/** True where both have the same JSON; key order counts, which costs no more than a needless update. */
function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
