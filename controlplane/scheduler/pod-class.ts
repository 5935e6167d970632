import { controllerOf } from '../../shared/api/object.ts'
import { matchesRequirements, type Requirement } from '../../shared/selectors.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodAffinityTerms } from './pod-affinity-terms.ts'
import type { PodInfo } from './pod-info.ts'

/**
 * All placed Pods that look the same to the spreading and affinity plugins: same namespace, labels, owner, affinity,
 * and all or none of them being deleted. A ReplicaSet's thousand Pods are one class, so that counting "Pods like this
 * one, per node" costs a look-up per node instead of a walk over the node's Pods.
 */
export interface PodClass {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly ownerUid: string | undefined
  readonly terminating: boolean
  readonly affinity: PodAffinityTerms
  readonly countByNode: Map<NodeInfo, number>
}

/** The classes of all placed Pods; empty ones vanish. */
export class PodClasses {
  readonly #byKey = new Map<string, PodClass>()
  readonly #byNamespace = new Map<string, Set<PodClass>>()
  readonly #byOwner = new Map<string, Set<PodClass>>()
  readonly #withAffinity = new Set<PodClass>()

  all(): Iterable<PodClass> {
    return this.#byKey.values()
  }

  /** Classes whose Pods have terms of affinity or anti-affinity to other Pods. */
  withAffinity(): ReadonlySet<PodClass> {
    return this.#withAffinity
  }

  ofOwner(uid: string): ReadonlySet<PodClass> {
    return this.#byOwner.get(uid) ?? NO_CLASSES
  }

  matching(namespace: string, selector: readonly Requirement[]): PodClass[] {
    const classes = [...(this.#byNamespace.get(namespace) ?? NO_CLASSES)]
    return classes.filter((podClass) => matchesRequirements(selector, podClass.labels))
  }

  add(pod: PodInfo, node: NodeInfo): void {
    const podClass = this.#classOf(pod)
    podClass.countByNode.set(node, (podClass.countByNode.get(node) ?? 0) + 1)
  }

  remove(pod: PodInfo, node: NodeInfo): void {
    const key = classKey(pod)
    const podClass = this.#byKey.get(key)
    if (!podClass) return
    const count = podClass.countByNode.get(node) ?? 0
    if (count > 1) podClass.countByNode.set(node, count - 1)
    else podClass.countByNode.delete(node)
    if (podClass.countByNode.size === 0) this.#drop(key, podClass)
  }

  #classOf(pod: PodInfo): PodClass {
    const key = classKey(pod)
    const known = this.#byKey.get(key)
    if (known) return known
    const podClass: PodClass = {
      namespace: pod.namespace,
      labels: pod.labels,
      ownerUid: ownerUidOf(pod),
      terminating: isTerminating(pod),
      affinity: pod.affinity,
      countByNode: new Map(),
    }
    this.#byKey.set(key, podClass)
    insert(this.#byNamespace, podClass.namespace, podClass)
    if (podClass.ownerUid) insert(this.#byOwner, podClass.ownerUid, podClass)
    if (hasTerms(podClass.affinity)) this.#withAffinity.add(podClass)
    return podClass
  }

  #drop(key: string, podClass: PodClass): void {
    this.#byKey.delete(key)
    withdraw(this.#byNamespace, podClass.namespace, podClass)
    if (podClass.ownerUid) withdraw(this.#byOwner, podClass.ownerUid, podClass)
    this.#withAffinity.delete(podClass)
  }
}

/** How many Pods of `classes` are on `node`. */
export function countOn(node: NodeInfo, classes: readonly PodClass[]): number {
  let count = 0
  for (const podClass of classes) count += podClass.countByNode.get(node) ?? 0
  return count
}

/** Adds up the Pods of `classes` by the value that their nodes have for a label, for nodes that `counts` accepts. */
export function countByTopology(
  classes: readonly PodClass[],
  topologyKey: string,
  accepts: (node: NodeInfo) => boolean = () => true,
): Map<string, number> {
  const counts = new Map<string, number>()
  for (const podClass of classes) {
    for (const [node, count] of podClass.countByNode) {
      const value = node.labels[topologyKey]
      if (value !== undefined && accepts(node)) counts.set(value, (counts.get(value) ?? 0) + count)
    }
  }
  return counts
}

export function ownerUidOf(pod: PodInfo): string | undefined {
  return controllerOf(pod.pod)?.uid
}

function isTerminating(pod: PodInfo): boolean {
  return pod.pod.metadata.deletionTimestamp !== undefined
}

function hasTerms({ required, preferred, requiredAnti, preferredAnti }: PodAffinityTerms): boolean {
  return required.length + preferred.length + requiredAnti.length + preferredAnti.length > 0
}

function classKey(pod: PodInfo): string {
  const { podAffinity, podAntiAffinity } = pod.pod.spec.affinity ?? {}
  const labels = Object.entries(pod.labels).sort(([a], [b]) => (a < b ? -1 : 1))
  const affinity = podAffinity || podAntiAffinity ? [podAffinity, podAntiAffinity] : 0
  return JSON.stringify([pod.namespace, labels, ownerUidOf(pod), isTerminating(pod), affinity])
}

const NO_CLASSES: ReadonlySet<PodClass> = new Set()

function insert(index: Map<string, Set<PodClass>>, key: string, podClass: PodClass): void {
  const classes = index.get(key) ?? new Set()
  index.set(key, classes.add(podClass))
}

function withdraw(index: Map<string, Set<PodClass>>, key: string, podClass: PodClass): void {
  const classes = index.get(key)
  classes?.delete(podClass)
  if (classes?.size === 0) index.delete(key)
}
