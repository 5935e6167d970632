import type { Cluster } from './cluster.ts'
import type { ClusterChange } from './cluster-change.ts'
import type { FilterPlugin, WakeHint } from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { isRoomBeingMade, lowerPriorityPods, mayPreempt } from './preemption/lower-priority.ts'

/** Asks the plugins' hints which changes can help which refused Pods. */
export class Waker {
  readonly #cluster: Cluster
  readonly #awaited: ReadonlySet<ClusterChange['type']>

  constructor(plugins: readonly FilterPlugin[], cluster: Cluster) {
    this.#cluster = cluster
    const types = plugins.flatMap(({ wokenBy }) => Object.keys(wokenBy) as ClusterChange['type'][])
    this.#awaited = new Set([...types, 'nodeAdded'])
  }

  /** False for a change that helps no refused Pod, whatever refused it. */
  isAwaited(change: ClusterChange): boolean {
    return this.#awaited.has(change.type)
  }

  /** A Pod that nobody refused found no node at all: the first one helps. */
  canHelp(change: ClusterChange, pod: PodInfo, refusedBy: ReadonlySet<FilterPlugin>): boolean {
    if (refusedBy.size === 0) return change.type === 'nodeAdded'
    for (const plugin of refusedBy) if (this.#helps(plugin, change, pod)) return true
    return false
  }

  #helps(plugin: FilterPlugin, change: ClusterChange, pod: PodInfo): boolean {
    const hint = plugin.wokenBy[change.type] as WakeHint | undefined
    if (hint === undefined) return false
    if (hint === 'always') return true
    if (hint === 'ifNodeFits') return this.#nodeFits(plugin, change, pod)
    return hint(pod, change, this.#cluster)
  }

  #nodeFits(plugin: FilterPlugin, change: ClusterChange, pod: PodInfo): boolean {
    if (!('node' in change) || !change.node.node) return false
    return this.#passes(plugin, pod, change.node) || this.#couldPass(plugin, pod, change.node)
  }

  #passes(plugin: FilterPlugin, pod: PodInfo, node: NodeInfo): boolean {
    const filter = plugin.filter(pod, this.#cluster)
    if (filter === undefined) return true
    return typeof filter === 'function' && filter(node).ok
  }

  /** Where the Pod would take the place of others. While some make room for it already, only room is news. */
  #couldPass(plugin: FilterPlugin, pod: PodInfo, node: NodeInfo): boolean {
    if (!mayPreempt(pod, this.#cluster) || isRoomBeingMade(pod, this.#cluster)) return false
    const lower = lowerPriorityPods(pod, node)
    for (const other of lower) this.#cluster.take(other, node)
    try {
      return lower.length > 0 && this.#passes(plugin, pod, node)
    } finally {
      for (const other of lower) this.#cluster.put(other, node)
    }
  }
}
