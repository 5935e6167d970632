import type { FilterPlugin } from './framework.ts'
import type { NodeInfo } from './node-info.ts'

/** What one cycle says of a Pod. */
export type Decision =
  | { readonly fits: true; readonly node: NodeInfo }
  | {
      readonly fits: false
      /** For people, as kube-scheduler words it. */
      readonly message: string
      /** None where there are no nodes at all. */
      readonly refusedBy: ReadonlySet<FilterPlugin>
    }

export const NO_NODES: Decision = {
  fits: false,
  message: 'no nodes available to schedule pods',
  refusedBy: new Set<FilterPlugin>(),
}

/** One plugin refused the Pod whatever the nodes are like. */
export function refusedOutright(plugin: FilterPlugin, reason: string, nodeCount: number): Decision {
  return { fits: false, message: `0/${nodeCount} nodes are available: ${reason}.`, refusedBy: new Set([plugin]) }
}

/** Collects the refusals of single nodes: all reasons of the first plugin that refused each. */
export class Refusals {
  readonly #plugins = new Set<FilterPlugin>()
  readonly #nodesByReason = new Map<string, number>()

  add(plugin: FilterPlugin, reasons: readonly string[]): void {
    this.#plugins.add(plugin)
    for (const reason of reasons) this.#nodesByReason.set(reason, (this.#nodesByReason.get(reason) ?? 0) + 1)
  }

  /** `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.` */
  toDecision(nodeCount: number): Decision {
    const counts = [...this.#nodesByReason].map(([reason, count]) => `${count} ${reason}`).sort()
    return {
      fits: false,
      message: `0/${nodeCount} nodes are available: ${counts.join(', ')}.`,
      refusedBy: this.#plugins,
    }
  }
}
