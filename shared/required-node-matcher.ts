import type { NodeSelectorTerm } from './api/generated/core-v1.ts'
import type { Pod } from './api/kinds.ts'
import { matchesRequirements, type Requirement } from './selectors.ts'

/** What a Pod may choose nodes by. */
export interface NamedNode {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** Tells the nodes that a Pod's `nodeSelector` and required affinity allow; undefined where it asks for nothing. */
export function requiredNodeMatcher({ spec }: Pick<Pod, 'spec'>): ((node: NamedNode) => boolean) | undefined {
  const labels = Object.entries(spec.nodeSelector ?? {})
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (labels.length === 0 && !required) return undefined
  const terms = required?.nodeSelectorTerms.map(nodeTermMatcher)
  return (node) =>
    labels.every(([key, value]) => node.labels[key] === value) && (terms?.some((matches) => matches(node)) ?? true)
}

/** An empty term matches no node. */
export function nodeTermMatcher({
  matchExpressions = [],
  matchFields = [],
}: NodeSelectorTerm): (node: NamedNode) => boolean {
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
