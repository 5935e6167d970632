import type { Cluster } from './cluster.ts'
import type { RefusalListener } from './decision.ts'
import type { FilterPlugin, NodeFilter } from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'

interface Check {
  readonly plugin: FilterPlugin
  readonly filter: NodeFilter
}

/** Why no node can take a Pod, whatever the nodes are like, and who says so. */
export interface OutrightRefusal {
  readonly plugin: FilterPlugin
  readonly refusal: string
}

/** Whether a node can take the Pod; `refusals` hears why it cannot. */
export type NodeCheck = (node: NodeInfo, refusals: RefusalListener) => boolean

const NOBODY: RefusalListener = { add() {} }

/** Asks all plugins whether nodes can take a Pod, beside those that are nominated there and go before it. */
export class Feasibility {
  readonly #filters: readonly FilterPlugin[]
  readonly #cluster: Cluster

  constructor(filters: readonly FilterPlugin[], cluster: Cluster) {
    this.#filters = filters
    this.#cluster = cluster
  }

  /** Asks once for all nodes: the answer is for the cluster as it is now. */
  checkFor(pod: PodInfo): NodeCheck | OutrightRefusal {
    const checks = this.#ask(pod)
    if (!isList(checks)) return checks
    const { nominations } = this.#cluster
    return (node, refusals) =>
      (nominations.isEmpty || this.#fitsBesideNominated(pod, node, refusals)) && passesAll(node, checks, refusals)
  }

  /** Asks for one node, which may have been changed just before. */
  fits(pod: PodInfo, node: NodeInfo, refusals: RefusalListener = NOBODY): boolean {
    const check = this.checkFor(pod)
    return typeof check === 'function' && check(node, refusals)
  }

  /** They may take more than they were nominated for, or less: the Pod must fit without them, too, which is asked later. */
  #fitsBesideNominated(pod: PodInfo, node: NodeInfo, refusals: RefusalListener): boolean {
    const ahead = this.#cluster.nominations.ahead(pod, node.name)
    if (ahead.length === 0) return true
    for (const other of ahead) this.#cluster.put(other, node)
    try {
      const checks = this.#ask(pod)
      return isList(checks) && passesAll(node, checks, refusals)
    } finally {
      for (const other of ahead) this.#cluster.take(other, node)
    }
  }

  #ask(pod: PodInfo): readonly Check[] | OutrightRefusal {
    const checks: Check[] = []
    for (const plugin of this.#filters) {
      const asked = plugin.filter(pod, this.#cluster)
      if (typeof asked === 'function') checks.push({ plugin, filter: asked })
      else if (asked) return { plugin, refusal: asked.refusal }
    }
    return checks
  }
}

function isList(checks: readonly Check[] | OutrightRefusal): checks is readonly Check[] {
  return Array.isArray(checks)
}

function passesAll(node: NodeInfo, checks: readonly Check[], refusals: RefusalListener): boolean {
  for (const { plugin, filter } of checks) {
    const verdict = filter(node)
    if (verdict.ok) continue
    refusals.add(plugin, verdict, node)
    return false
  }
  return true
}
