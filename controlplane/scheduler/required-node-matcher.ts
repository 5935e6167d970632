import type { NodeSelectorTerm } from '../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import { matchesRequirements, type Requirement } from '../../shared/selectors.ts'
import type { NodeInfo } from './node-info.ts'

/** Tells the nodes that a Pod's `nodeSelector` and required affinity allow; undefined where it asks for nothing. */
export function requiredNodeMatcher(pod: Pod): ((node: NodeInfo) => boolean) | undefined {
  const labels = Object.entries(pod.spec.nodeSelector ?? {})
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (labels.length === 0 && !required) return undefined
  const terms = required?.nodeSelectorTerms.map(nodeTermMatcher)
  return (node) =>
    labels.every(([key, value]) => node.labels[key] === value) && (terms?.some((matches) => matches(node)) ?? true)
}

/** An empty term matches no node. */
export function nodeTermMatcher({
  matchExpressions = [],
  matchFields = [],
}: NodeSelectorTerm): (node: NodeInfo) => boolean {
  if (matchExpressions.length + matchFields.length === 0) return () => false
  const [expressions, fields] = [matchExpressions, matchFields].map((list) =>
    list.map(
      (entry): Requirement => ({
        ...entry,
        operator: entry.operator as Requirement['operator'],
        values: entry.values ?? [],
      }),
    ),
  ) as [Requirement[], Requirement[]]
  return (node) =>
    matchesRequirements(expressions, node.labels) && matchesRequirements(fields, { 'metadata.name': node.name })
}
