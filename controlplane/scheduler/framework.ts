import type { ClusterChange } from './cluster-change.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodClasses } from './pod-class.ts'
import type { PodInfo } from './pod-info.ts'
import type { StorageView } from './storage.ts'

/** A filter's answer for one node. The reasons count nodes in messages: `2 Insufficient cpu`. */
export type Verdict = { readonly ok: true } | NodeRefusal

export interface NodeRefusal {
  readonly ok: false
  readonly reasons: readonly string[]
  /** No Pod that went from the node would change it, so there is no use in preempting any. */
  readonly isFinal: boolean
}

export const FITS: Verdict = { ok: true }

/** For as long as the Pods are there that are. */
export function refuse(...reasons: string[]): NodeRefusal {
  return { ok: false, reasons, isFinal: false }
}

/** Whatever Pods go. */
export function ruleOut(...reasons: string[]): NodeRefusal {
  return { ok: false, reasons, isFinal: true }
}

/** Why no node at all can take a Pod, whatever the nodes are like. */
export interface Refusal {
  readonly refusal: string
}

export type NodeFilter = (node: NodeInfo) => Verdict

/** Keeps a Pod from nodes that cannot run it. */
export interface FilterPlugin {
  readonly name: string
  /**
   * Called once per cycle: looks at the Pod and the cluster, and returns the question to ask of each node.
   * Undefined where this Pod needs nothing of this plugin; a Refusal where asking is of no use.
   */
  filter(pod: PodInfo, cluster: ClusterView): NodeFilter | Refusal | undefined
  /** Which changes can turn this plugin's no into a yes; a Pod that it refused sleeps through all others. */
  readonly wokenBy: WakeHints
}

export type WakeHints = { readonly [T in ClusterChange['type']]?: WakeHint<Extract<ClusterChange, { type: T }>> }

/** `ifNodeFits`: where the changed node now passes the plugin's own filter. */
export type WakeHint<C extends ClusterChange = ClusterChange> =
  | 'always'
  | 'ifNodeFits'
  | ((pod: PodInfo, change: C, cluster: ClusterView) => boolean)

/** Says which of the nodes that can run a Pod are better. */
export interface ScorePlugin {
  readonly name: string
  /** How much its 0 to 100 count beside other plugins'. */
  readonly weight: number
  /** Called once per cycle, with more than one feasible node. Undefined where all are alike for this Pod. */
  scorer(pod: PodInfo, feasible: readonly NodeInfo[], cluster: ClusterView): NodeScorer | undefined
}

export interface NodeScorer {
  /** 0 to 100, or any scale that `normalize` brings there. Higher is better after that. */
  score(node: NodeInfo): number
  /** Rewrites in place the scores of all feasible nodes, in their order. */
  normalize?(scores: Float64Array): void
}

export const MAX_SCORE = 100

/** What plugins may look at beside the Pod and one node. It does not change during a cycle. */
export interface ClusterView {
  readonly nodes: readonly NodeInfo[]
  readonly classes: PodClasses
  readonly storage: StorageView
  /** The labels of a Namespace; none where it is not known. */
  namespaceLabels(name: string): Readonly<Record<string, string>>
  /** How many nodes have an image of this name. */
  nodesWithImage(name: string): number
}

/** Brings scores to 0..100 by the highest of them; `reverse` makes the lowest the best. */
export function normalizeByMaximum(scores: Float64Array, reverse = false): void {
  let highest = 0
  for (const score of scores) if (score > highest) highest = score
  for (let i = 0; i < scores.length; i++) {
    const scaled = highest === 0 ? 0 : Math.floor((MAX_SCORE * scores[i]!) / highest)
    scores[i] = reverse ? MAX_SCORE - scaled : scaled
  }
}
