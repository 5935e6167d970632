import type { FilterPlugin, NodeRefusal } from './framework.ts'
import type { NodeInfo } from './node-info.ts'

/** What one cycle says of a Pod. */
export type Decision = Fitting | Refused

export interface Fitting {
  readonly fits: true
  readonly node: NodeInfo
}

export interface Refused {
  readonly fits: false
  /** For people, as kube-scheduler words it. */
  readonly message: string
  /** None where there are no nodes at all. */
  readonly refusedBy: ReadonlySet<FilterPlugin>
  /** Nodes that could take the Pod if others went; as they are until the next decision. */
  readonly resolvable: readonly NodeInfo[]
}

export interface RefusalListener {
  add(plugin: FilterPlugin, refusal: NodeRefusal, node: NodeInfo): void
}

export const NO_NODES: Refused = {
  fits: false,
  message: 'no nodes available to schedule pods',
  refusedBy: new Set<FilterPlugin>(),
  resolvable: [],
}

/** One plugin refused the Pod whatever the nodes are like. */
export function refusedOutright(plugin: FilterPlugin, reason: string, nodeCount: number): Refused {
  const message = `0/${nodeCount} nodes are available: ${reason}.`
  return { fits: false, message, refusedBy: new Set([plugin]), resolvable: [] }
}

/** Collects the refusals of single nodes: all reasons of the first plugin that refused each. */
export class Refusals implements RefusalListener {
  readonly plugins = new Set<FilterPlugin>()
  readonly #nodesByReason = new Map<string, number>()
  readonly #resolvable: NodeInfo[]

  /** `resolvable` is a list to use again, lest each cycle make one. */
  constructor(resolvable: NodeInfo[] = []) {
    this.#resolvable = resolvable
    resolvable.length = 0
  }

  add(plugin: FilterPlugin, { reasons, isFinal }: NodeRefusal, node: NodeInfo): void {
    this.plugins.add(plugin)
    if (!isFinal) this.#resolvable.push(node)
    for (const reason of reasons) this.count(reason, 1)
  }

  count(reason: string, nodes: number): void {
    if (nodes > 0) this.#nodesByReason.set(reason, (this.#nodesByReason.get(reason) ?? 0) + nodes)
  }

  /** `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.` */
  message(nodeCount: number): string {
    const counts = [...this.#nodesByReason].map(([reason, count]) => `${count} ${reason}`).sort()
    return `0/${nodeCount} nodes are available: ${counts.join(', ')}.`
  }

  toDecision(nodeCount: number): Refused {
    const { plugins: refusedBy } = this
    return { fits: false, message: this.message(nodeCount), refusedBy, resolvable: this.#resolvable }
  }
}
