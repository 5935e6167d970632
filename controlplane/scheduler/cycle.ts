import { type Random, randomInt } from '../../shared/random.ts'
import { type Decision, NO_NODES, Refusals, refusedOutright } from './decision.ts'
import type { ClusterView, FilterPlugin, NodeFilter, NodeScorer, ScorePlugin } from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { enoughFeasibleNodes } from './sampling.ts'

export interface Plugins {
  readonly filters: readonly FilterPlugin[]
  readonly scorers: readonly ScorePlugin[]
}

interface AskedFilter {
  readonly plugin: FilterPlugin
  readonly filter: NodeFilter
}

/**
 * Chooses a node for one Pod after the other: filter, score, pick. Runs without a pause and reuses its buffers, so that
 * a cycle costs time for the nodes it looks at and no memory.
 */
export class SchedulingCycle {
  readonly #plugins: Plugins
  readonly #cluster: ClusterView
  readonly #random: Random
  readonly #feasible: NodeInfo[] = []
  #totals = new Float64Array(0)
  #scores = new Float64Array(0)
  /** Where the last search stopped: the next one goes on there, so that all nodes have their turn. */
  #start = 0

  constructor(plugins: Plugins, cluster: ClusterView, random: Random) {
    this.#plugins = plugins
    this.#cluster = cluster
    this.#random = random
  }

  decide(pod: PodInfo): Decision {
    const nodeCount = this.#cluster.nodes.length
    if (nodeCount === 0) return NO_NODES
    const filters: AskedFilter[] = []
    for (const plugin of this.#plugins.filters) {
      const asked = plugin.filter(pod, this.#cluster)
      if (typeof asked === 'function') filters.push({ plugin, filter: asked })
      else if (asked) return refusedOutright(plugin, asked.refusal, nodeCount)
    }
    const refusals = new Refusals()
    this.#findFeasible(filters, refusals)
    const [only, another] = this.#feasible
    if (!only) return refusals.toDecision(nodeCount)
    return { fits: true, node: another ? this.#best(pod) : only }
  }

  /** Leaves enough nodes that pass all filters in `#feasible`, or all there are. */
  #findFeasible(filters: readonly AskedFilter[], refusals: Refusals): void {
    const { nodes } = this.#cluster
    const enough = enoughFeasibleNodes(nodes.length)
    this.#feasible.length = 0
    let looked = 0
    for (; looked < nodes.length && this.#feasible.length < enough; looked++) {
      const node = nodes[(this.#start + looked) % nodes.length]!
      if (passesAll(node, filters, refusals)) this.#feasible.push(node)
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

function passesAll(node: NodeInfo, filters: readonly AskedFilter[], refusals: Refusals): boolean {
  for (const { plugin, filter } of filters) {
    const verdict = filter(node)
    if (verdict.ok) continue
    refusals.add(plugin, verdict.reasons)
    return false
  }
  return true
}
