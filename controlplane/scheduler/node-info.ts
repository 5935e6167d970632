import type { Taint } from '../../shared/api/generated/core-v1.ts'
import type { Node } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { UsedHostPorts } from '../../shared/host-ports.ts'
import { addResources, noResources, parseResources, type Resources } from '../../shared/pod-requests.ts'
import { parseUnits } from '../../shared/quantity.ts'
import { unfitImagesOf } from '../../shared/unfit-images.ts'
import type { PodInfo } from './pod-info.ts'

/** One for all nodes: a cycle looks at hundreds of them, and most have none; what they share is in the processor's cache. */
const NO_TAINTS: readonly Taint[] = []
const NO_IMAGES: ReadonlyMap<string, number> = new Map()
const NO_NAMES: ReadonlySet<string> = new Set()

/**
 * What the scheduler knows of one Node: its object, and the sum of the Pods on it, kept up to date as they come and go.
 * It changes in place; a scheduling cycle runs without a pause, so that it sees one state of it.
 */
export class NodeInfo {
  readonly name: string
  /** Pods that hold resources here, by UID. */
  readonly pods = new Map<string, PodInfo>()
  readonly requested: Resources = noResources()
  readonly requestedForScoring: Resources = noResources()
  readonly usedPorts = new UsedHostPorts()

  /** Undefined while Pods name a Node that does not exist, or not yet. */
  node: Persisted<Node> | undefined
  labels: Readonly<Record<string, string>> = {}
  allocatable: Resources = noResources()
  allowedPods = 0
  /** Cordoned. */
  unschedulable = false
  /** Taints that keep Pods away: NoSchedule and NoExecute. */
  repellingTaints: readonly Taint[] = NO_TAINTS
  /** Taints that only make other Nodes better: PreferNoSchedule. */
  discouragingTaints: readonly Taint[] = NO_TAINTS
  /** Bytes of the images on the Node, by every name they have. */
  images: ReadonlyMap<string, number> = NO_IMAGES
  /** Those that it found to have nothing for its architecture. */
  unfitImages: ReadonlySet<string> = NO_NAMES

  constructor(name: string) {
    this.name = name
  }

  /** Takes what the Node's object says now. */
  setNode(node: Persisted<Node> | undefined): void {
    this.node = node
    this.labels = node?.metadata.labels ?? {}
    this.allocatable = parseResources(node?.status?.allocatable)
    this.allowedPods = parseUnits(node?.status?.allocatable?.pods ?? '0')
    this.unschedulable = node?.spec?.unschedulable ?? false
    this.repellingTaints = taintsOf(node, ['NoSchedule', 'NoExecute'])
    this.discouragingTaints = taintsOf(node, ['PreferNoSchedule'])
    this.images = imagesOf(node)
    this.unfitImages = unfitImageNamesOf(node)
  }

  add(pod: PodInfo): void {
    this.pods.set(pod.uid, pod)
    this.#count(pod, 1)
    for (const port of pod.hostPorts) this.usedPorts.add(port)
  }

  remove(uid: string): void {
    const pod = this.pods.get(uid)
    if (!pod) return
    this.pods.delete(uid)
    this.#count(pod, -1)
    for (const port of pod.hostPorts) this.usedPorts.remove(port)
  }

  /** Takes a newer version of a Pod that asks for the same. */
  renew(pod: PodInfo): void {
    this.pods.set(pod.uid, pod)
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    addResources(this.requested, pod.requests, sign)
    addResources(this.requestedForScoring, pod.requestsForScoring, sign)
  }
}

function taintsOf(node: Persisted<Node> | undefined, effects: readonly string[]): readonly Taint[] {
  const taints = (node?.spec?.taints ?? []).filter(({ effect }) => effects.includes(effect))
  return taints.length === 0 ? NO_TAINTS : taints
}

function unfitImageNamesOf(node: Persisted<Node> | undefined): ReadonlySet<string> {
  const names = unfitImagesOf(node?.metadata.annotations)
  return names.length === 0 ? NO_NAMES : new Set(names)
}

function imagesOf(node: Persisted<Node> | undefined): ReadonlyMap<string, number> {
  const images = node?.status?.images ?? []
  if (images.length === 0) return NO_IMAGES
  return new Map(images.flatMap(({ names, sizeBytes }) => (names ?? []).map((name) => [name, sizeBytes ?? 0] as const)))
}
