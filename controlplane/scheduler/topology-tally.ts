import type { NodeInfo } from './node-info.ts'
import type { PodClass } from './pod-class.ts'

/** Numbers for places: for the nodes that share a value of a topology label. */
export class TopologyTally {
  readonly #byKey = new Map<string, Map<string, number>>()

  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  /** Adds `weight` for each Pod of the class, at the place where its node is. */
  addClass(topologyKey: string, { countByNode }: PodClass, weight: number): void {
    for (const [node, count] of countByNode) {
      const value = node.labels[topologyKey]
      if (value !== undefined) this.#add(topologyKey, value, weight * count)
    }
  }

  /** The sum of all that was added for the places where `node` is. */
  sumFor({ labels }: NodeInfo): number {
    let sum = 0
    for (const [topologyKey, values] of this.#byKey) {
      const value = labels[topologyKey]
      if (value !== undefined) sum += values.get(value) ?? 0
    }
    return sum
  }

  #add(topologyKey: string, value: string, amount: number): void {
    const values = this.#byKey.get(topologyKey) ?? new Map<string, number>()
    values.set(value, (values.get(value) ?? 0) + amount)
    this.#byKey.set(topologyKey, values)
  }
}
