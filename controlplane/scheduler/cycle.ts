import { type Random, randomInt } from '../../shared/random.ts'
import type { Cluster } from './cluster.ts'
import { type Decision, NO_NODES, Refusals, refusedOutright } from './decision.ts'
import { Feasibility, type NodeCheck } from './feasibility.ts'
import type { FilterPlugin, NodeScorer, ScorePlugin } from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { enoughFeasibleNodes } from './sampling.ts'

export interface Plugins {
  readonly filters: readonly FilterPlugin[]
  readonly scorers: readonly ScorePlugin[]
}

/**
 * Chooses a node for one Pod after the other: filter, score, pick. Runs without a pause and reuses its buffers, so that
 * a cycle costs time for the nodes it looks at and no memory.
 */
export class SchedulingCycle {
  readonly #plugins: Plugins
  readonly #cluster: Cluster
  readonly #random: Random
  readonly #feasibility: Feasibility
  readonly #feasible: NodeInfo[] = []
  readonly #resolvable: NodeInfo[] = []
  #totals = new Float64Array(0)
  #scores = new Float64Array(0)
  /** Where the last search stopped: the next one goes on there, so that all nodes have their turn. */
  #start = 0

  constructor(plugins: Plugins, cluster: Cluster, random: Random) {
    this.#plugins = plugins
    this.#feasibility = new Feasibility(plugins.filters, cluster)
    this.#cluster = cluster
    this.#random = random
  }

  decide(pod: PodInfo): Decision {
    const nodeCount = this.#cluster.nodes.length
    if (nodeCount === 0) return NO_NODES
    const check = this.#feasibility.checkFor(pod)
    if (typeof check !== 'function') return refusedOutright(check.plugin, check.refusal, nodeCount)
    const promised = this.#nominatedNode(pod)
    if (promised && check(promised, new Refusals())) return { fits: true, node: promised }
    const refusals = new Refusals(this.#resolvable)
    this.#findFeasible(check, refusals)
    const [only, another] = this.#feasible
    if (!only) return refusals.toDecision(nodeCount)
    return { fits: true, node: another ? this.#best(pod) : only }
  }

  /** Where others made room for the Pod. */
  #nominatedNode({ uid }: PodInfo): NodeInfo | undefined {
    const name = this.#cluster.nominations.nodeNameOf(uid)
    const info = name === undefined ? undefined : this.#cluster.node(name)
    return info?.node ? info : undefined
  }

  /** Leaves enough nodes that pass all filters in `#feasible`, or all there are. */
  #findFeasible(check: NodeCheck, refusals: Refusals): void {
    const { nodes } = this.#cluster
    const enough = enoughFeasibleNodes(nodes.length)
    this.#feasible.length = 0
    let looked = 0
    for (; looked < nodes.length && this.#feasible.length < enough; looked++) {
      const node = nodes[(this.#start + looked) % nodes.length]!
      if (check(node, refusals)) this.#feasible.push(node)
    }
    this.#start = (this.#start + looked) % nodes.length
  }

  /** The node with the highest sum of weighted scores; chance decides between equals. */
  #best(pod: PodInfo): NodeInfo {
    const totals = this.#sumScores(pod)
    let highest = Number.NEGATIVE_INFINITY
    let equals = 0
    for (const total of totals) {
      if (total > highest) {
        highest = total
        equals = 1
      } else if (total === highest) equals++
    }
    let skip = equals > 1 ? randomInt(this.#random, equals) : 0
    return this.#feasible.find((_, index) => totals[index] === highest && skip-- === 0)!
  }

  #sumScores(pod: PodInfo): Float64Array {
    const count = this.#feasible.length
    if (this.#totals.length < count) {
      this.#totals = new Float64Array(count)
      this.#scores = new Float64Array(count)
    }
    const totals = this.#totals.subarray(0, count).fill(0)
    const scores = this.#scores.subarray(0, count)
    for (const plugin of this.#plugins.scorers) {
      const scorer = plugin.scorer(pod, this.#feasible, this.#cluster)
      if (scorer) this.#addScores(totals, scores, scorer, plugin.weight)
    }
    return totals
  }

  #addScores(totals: Float64Array, scores: Float64Array, scorer: NodeScorer, weight: number): void {
    for (let i = 0; i < scores.length; i++) scores[i] = scorer.score(this.#feasible[i]!)
    scorer.normalize?.(scores)
    for (let i = 0; i < scores.length; i++) totals[i]! += weight * scores[i]!
  }
}
