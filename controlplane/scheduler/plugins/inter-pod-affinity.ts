import {
  type ClusterView,
  FITS,
  type FilterPlugin,
  MAX_SCORE,
  type NodeFilter,
  refuse,
  ruleOut,
  type ScorePlugin,
} from '../framework.ts'
import { type AffinityTerm, termMatches } from '../pod-affinity-terms.ts'
import { countByTopology, type PodClass } from '../pod-class.ts'
import type { PodInfo } from '../pod-info.ts'
import { TopologyTally } from '../topology-tally.ts'

const NO_AFFINITY = ruleOut("node(s) didn't match pod affinity rules")
const ANTI_AFFINITY = refuse("node(s) didn't match pod anti-affinity rules")
const EXISTING_ANTI_AFFINITY = refuse("node(s) didn't satisfy existing pods anti-affinity rules")

/** How much another Pod's required affinity to this one counts in scores. */
const REQUIRED_TERM_WEIGHT = 1

/** Keeps Pods together with, or away from, other Pods, as either of them asks. */
export const interPodAffinity: FilterPlugin & ScorePlugin = {
  name: 'InterPodAffinity',
  weight: 2,
  filter(pod, cluster) {
    const checks = [
      requiredAffinity(pod, cluster),
      requiredAntiAffinity(pod, cluster),
      existingAntiAffinity(pod, cluster),
    ]
    const asked = checks.filter((check) => check !== undefined)
    if (asked.length === 0) return undefined
    return (node) => {
      for (const check of asked) {
        const verdict = check(node)
        if (!verdict.ok) return verdict
      }
      return FITS
    }
  },
  wokenBy: {
    nodeAdded: 'always',
    nodeUpdated: 'always',
    // With a node go its Pods, which counted for all nodes of its zone.
    nodeRemoved: 'always',
    namespaceRelabelled: 'always',
    podPlaced: ({ affinity }, { pod: placed }, cluster) =>
      affinity.required.some((term) => matches(term, placed, cluster)),
    // The last of those that a Pod wanted to join leaves it free to be the first anywhere.
    podRemoved: (pod, { pod: removed }, cluster) =>
      [...pod.affinity.required, ...pod.affinity.requiredAnti].some((term) => matches(term, removed, cluster)) ||
      removed.affinity.requiredAnti.some((term) => matches(term, pod, cluster)),
  },
  scorer(pod, _feasible, cluster) {
    const tally = new TopologyTally()
    addOwnPreferences(tally, pod, cluster)
    addOthersPreferences(tally, pod, cluster)
    if (tally.isEmpty) return undefined
    return { score: (node) => tally.sumFor(node), normalize: normalizeByRange }
  },
}

/** Every term must find, in the node's topology, Pods that all terms match; the first of such Pods may go anywhere. */
function requiredAffinity(pod: PodInfo, cluster: ClusterView): NodeFilter | undefined {
  const terms = pod.affinity.required
  if (terms.length === 0) return undefined
  const matchesAll = (other: { namespace: string; labels: PodInfo['labels'] }) =>
    terms.every((term) => matches(term, other, cluster))
  const matching = [...cluster.classes.all()].filter(matchesAll)
  const counts = terms.map(({ topologyKey }) => ({ topologyKey, counts: countByTopology(matching, topologyKey) }))
  const mayBeFirst = counts.every(({ counts }) => counts.size === 0) && matchesAll(pod)
  return ({ labels }) => {
    if (terms.some(({ topologyKey }) => labels[topologyKey] === undefined)) return NO_AFFINITY
    if (mayBeFirst) return FITS
    return counts.every(({ topologyKey, counts }) => counts.has(labels[topologyKey]!)) ? FITS : NO_AFFINITY
  }
}

function requiredAntiAffinity(pod: PodInfo, cluster: ClusterView): NodeFilter | undefined {
  const taken = new TopologyTally()
  for (const term of pod.affinity.requiredAnti) addTerm(taken, term, 1, cluster)
  return taken.isEmpty ? undefined : (node) => (taken.sumFor(node) > 0 ? ANTI_AFFINITY : FITS)
}

/** Placed Pods that want to be alone keep out newcomers that they would not have joined. */
function existingAntiAffinity(pod: PodInfo, cluster: ClusterView): NodeFilter | undefined {
  const taken = new TopologyTally()
  for (const existing of cluster.classes.withAffinity()) {
    const repelling = existing.affinity.requiredAnti.filter((term) => matches(term, pod, cluster))
    for (const { topologyKey } of repelling) taken.addClass(topologyKey, existing, 1)
  }
  return taken.isEmpty ? undefined : (node) => (taken.sumFor(node) > 0 ? EXISTING_ANTI_AFFINITY : FITS)
}

function addOwnPreferences(tally: TopologyTally, { affinity }: PodInfo, cluster: ClusterView): void {
  for (const { term, weight } of affinity.preferred) addTerm(tally, term, weight, cluster)
  for (const { term, weight } of affinity.preferredAnti) addTerm(tally, term, -weight, cluster)
}

function addOthersPreferences(tally: TopologyTally, pod: PodInfo, cluster: ClusterView): void {
  for (const other of cluster.classes.withAffinity()) {
    const add = (term: AffinityTerm, weight: number) => {
      if (matches(term, pod, cluster)) tally.addClass(term.topologyKey, other, weight)
    }
    for (const term of other.affinity.required) add(term, REQUIRED_TERM_WEIGHT)
    for (const { term, weight } of other.affinity.preferred) add(term, weight)
    for (const { term, weight } of other.affinity.preferredAnti) add(term, -weight)
  }
}

/** Adds `weight` wherever a Pod is that the term matches. */
function addTerm(tally: TopologyTally, term: AffinityTerm, weight: number, cluster: ClusterView): void {
  for (const podClass of cluster.classes.all()) {
    if (matches(term, podClass, cluster)) tally.addClass(term.topologyKey, podClass, weight)
  }
}

function matches(
  term: AffinityTerm,
  pod: Pick<PodInfo | PodClass, 'namespace' | 'labels'>,
  cluster: ClusterView,
): boolean {
  return termMatches(term, pod, (name) => cluster.namespaceLabels(name))
}

/** Scores may be negative: the lowest becomes 0, the highest 100. */
function normalizeByRange(scores: Float64Array): void {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const score of scores) {
    lowest = Math.min(lowest, score)
    highest = Math.max(highest, score)
  }
  const range = highest - lowest
  for (let i = 0; i < scores.length; i++) {
    scores[i] = range === 0 ? 0 : Math.floor((MAX_SCORE * (scores[i]! - lowest)) / range)
  }
}
