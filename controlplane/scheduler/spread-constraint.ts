import type { TopologySpreadConstraint } from '../../shared/api/generated/core-v1.ts'
import { requiredNodeMatcher } from '../../shared/required-node-matcher.ts'
import { matchesRequirements, type Requirement } from '../../shared/selectors.ts'
import { tolerates } from '../../shared/tolerations.ts'
import { HOSTNAME_LABEL, ZONE_LABEL } from '../../shared/topology-labels.ts'
import type { ClusterView } from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import { selectorWithKeys } from './pod-affinity-terms.ts'
import { ownerUidOf, type PodClass } from './pod-class.ts'
import type { PodInfo } from './pod-info.ts'

/** One way in which a Pod wants its like spread, ready to be counted. */
export interface SpreadConstraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains: number
  /** The placed Pods that count; those being deleted never do. */
  readonly counted: readonly PodClass[]
  readonly countsItself: boolean
  /** Nodes whose Pods count, and which count as a place to go. */
  readonly includes: (node: NodeInfo) => boolean
}

/** The Pod's own constraints of one kind. */
export function spreadConstraintsOf(
  pod: PodInfo,
  whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway',
  cluster: ClusterView,
): SpreadConstraint[] {
  const constraints = pod.pod.spec.topologySpreadConstraints ?? []
  return constraints
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => toSpreadConstraint(constraint, pod, cluster))
}

/** What a Pod with a controller gets that says nothing itself: a mild spread of its siblings over nodes and zones. */
export function defaultSpreadConstraintsOf(pod: PodInfo, cluster: ClusterView): SpreadConstraint[] {
  const owner = ownerUidOf(pod)
  if (!owner || pod.pod.spec.topologySpreadConstraints?.length) return []
  const counted = [...cluster.classes.ofOwner(owner)].filter(({ terminating }) => !terminating)
  if (counted.length === 0) return []
  const includes = requiredNodeMatcher(pod.pod) ?? everyNode
  const common = { minDomains: 1, counted, countsItself: true, includes }
  return [
    { topologyKey: HOSTNAME_LABEL, maxSkew: 3, ...common },
    { topologyKey: ZONE_LABEL, maxSkew: 5, ...common },
  ]
}

function toSpreadConstraint(
  constraint: TopologySpreadConstraint,
  pod: PodInfo,
  cluster: ClusterView,
): SpreadConstraint {
  const selector = selectorWithKeys(constraint.labelSelector, pod.pod, constraint.matchLabelKeys)
  return {
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains ?? 1,
    counted: countedClasses(pod, selector, cluster),
    countsItself: selector !== undefined && matchesRequirements(selector, pod.labels),
    includes: inclusion(constraint, pod),
  }
}

/** An empty selector counts nothing here, unlike elsewhere. */
function countedClasses(pod: PodInfo, selector: readonly Requirement[] | undefined, cluster: ClusterView): PodClass[] {
  if (!selector?.length) return []
  return cluster.classes.matching(pod.namespace, selector).filter(({ terminating }) => !terminating)
}

/** By default a node must pass the Pod's node affinity and may have any taints. */
function inclusion({ nodeAffinityPolicy, nodeTaintsPolicy }: TopologySpreadConstraint, { pod }: PodInfo) {
  const matches = nodeAffinityPolicy === 'Ignore' ? undefined : requiredNodeMatcher(pod)
  const { tolerations } = pod.spec
  const honoursTaints = nodeTaintsPolicy === 'Honor'
  if (!matches && !honoursTaints) return everyNode
  return (node: NodeInfo) =>
    (!matches || matches(node)) &&
    (!honoursTaints || node.repellingTaints.every((taint) => tolerates(tolerations, taint)))
}

function everyNode(): boolean {
  return true
}
