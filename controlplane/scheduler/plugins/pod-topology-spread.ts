import { HOSTNAME_LABEL } from '../../../shared/topology-labels.ts'
import {
  type ClusterView,
  FITS,
  type FilterPlugin,
  MAX_SCORE,
  refuse,
  ruleOut,
  type ScorePlugin,
} from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import { countByTopology, countOn } from '../pod-class.ts'
import type { PodInfo } from '../pod-info.ts'
import { defaultSpreadConstraintsOf, type SpreadConstraint, spreadConstraintsOf } from '../spread-constraint.ts'

const TOO_SKEWED = refuse("node(s) didn't match pod topology spread constraints")
const NO_LABEL = ruleOut("node(s) didn't match pod topology spread constraints (missing required label)")

/** The score of a node that does not take part: it ends as 0. */
const IGNORED = -1

/** Spreads Pods over nodes, zones and other places: as they ask, or else mildly beside their siblings. */
export const podTopologySpread: FilterPlugin & ScorePlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  filter(pod, cluster) {
    const constraints = spreadConstraintsOf(pod, 'DoNotSchedule', cluster)
    if (constraints.length === 0) return undefined
    const keys = constraints.map(({ topologyKey }) => topologyKey)
    const places = constraints.map((constraint) => ({ constraint, ...countPlaces(constraint, keys, cluster) }))
    return ({ labels }) => {
      if (!hasAll(labels, keys)) return NO_LABEL
      const tooSkewed = places.some(({ constraint, counts, lowest }) => {
        const count = counts.get(labels[constraint.topologyKey]!) ?? 0
        return count + (constraint.countsItself ? 1 : 0) - lowest > constraint.maxSkew
      })
      return tooSkewed ? TOO_SKEWED : FITS
    }
  },
  wokenBy: {
    nodeAdded: 'always',
    nodeUpdated: 'always',
    nodeRemoved: 'always',
    podPlaced: (pod, { pod: placed }) => placed.namespace === pod.namespace,
    podRemoved: (pod, { pod: removed }) => removed.namespace === pod.namespace,
  },
  scorer(pod, feasible, cluster) {
    const own = spreadConstraintsOf(pod, 'ScheduleAnyway', cluster)
    // Nodes without a zone still spread over host names, where nobody asked for zones.
    const constraints = own.length > 0 ? own : defaultSpreadConstraintsOf(pod, cluster)
    if (constraints.length === 0) return undefined
    const needed = own.map(({ topologyKey }) => topologyKey)
    const takingPart = needed.length === 0 ? feasible : feasible.filter(({ labels }) => hasAll(labels, needed))
    const crowding = constraints.map((constraint) => crowdingBy(constraint, needed, takingPart))
    return {
      score(node) {
        if (!hasAll(node.labels, needed)) return IGNORED
        let sum = 0
        for (const crowdingOn of crowding) sum += crowdingOn(node)
        return Math.round(sum)
      },
      normalize: preferTheLeast,
    }
  },
}

/** Pods per place, and in the emptiest one; 0 there as long as there are fewer places than wanted. */
function countPlaces(constraint: SpreadConstraint, keys: readonly string[], cluster: ClusterView) {
  const { topologyKey, minDomains, counted, includes } = constraint
  const takesPart = (node: NodeInfo) => hasAll(node.labels, keys) && includes(node)
  const counts = new Map<string, number>()
  for (const node of cluster.nodes) if (takesPart(node)) counts.set(node.labels[topologyKey]!, 0)
  for (const [place, count] of countByTopology(counted, topologyKey, takesPart)) counts.set(place, count)
  let lowest = counts.size === 0 || counts.size < minDomains ? 0 : Number.POSITIVE_INFINITY
  for (const count of counts.values()) lowest = Math.min(lowest, count)
  return { counts, lowest }
}

/**
 * How crowded the place of a node is. Counts weigh by the logarithm of the number of places, so that a few zones are
 * not drowned out by many nodes; `maxSkew` waters down small differences.
 */
function crowdingBy(constraint: SpreadConstraint, needed: readonly string[], nodes: readonly NodeInfo[]) {
  const { topologyKey, maxSkew, counted, includes } = constraint
  if (topologyKey === HOSTNAME_LABEL) {
    const weight = weightOf(nodes.length)
    return (node: NodeInfo) =>
      node.labels[HOSTNAME_LABEL] === undefined ? 0 : countOn(node, counted) * weight + maxSkew - 1
  }
  const places = new Set<string>()
  for (const { labels } of nodes) if (labels[topologyKey] !== undefined) places.add(labels[topologyKey])
  if (places.size === 0) return () => 0
  const counts = countByTopology(counted, topologyKey, (node) => hasAll(node.labels, needed) && includes(node))
  const weight = weightOf(places.size)
  return ({ labels }: NodeInfo) => {
    const place = labels[topologyKey]
    return place === undefined ? 0 : (counts.get(place) ?? 0) * weight + maxSkew - 1
  }
}

function weightOf(places: number): number {
  return Math.log(places + 2)
}

function preferTheLeast(scores: Float64Array): void {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, 0]
  for (const score of scores) {
    if (score === IGNORED) continue
    lowest = Math.min(lowest, score)
    highest = Math.max(highest, score)
  }
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!
    if (score === IGNORED) scores[i] = 0
    else scores[i] = highest === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (highest + lowest - score)) / highest)
  }
}

function hasAll(labels: PodInfo['labels'], keys: readonly string[]): boolean {
  for (const key of keys) if (labels[key] === undefined) return false
  return true
}
