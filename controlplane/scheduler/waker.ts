import type { ClusterChange } from './cluster-change.ts'
import type { ClusterView, FilterPlugin, WakeHint } from './framework.ts'
import type { PodInfo } from './pod-info.ts'

/** Asks the plugins' hints which changes can help which refused Pods. */
export class Waker {
  readonly #cluster: ClusterView
  readonly #awaited: ReadonlySet<ClusterChange['type']>

  constructor(plugins: readonly FilterPlugin[], cluster: ClusterView) {
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
    const filter = plugin.filter(pod, this.#cluster)
    if (filter === undefined) return true
    return typeof filter === 'function' && filter(change.node).ok
  }
}
