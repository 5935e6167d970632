import type { PodAffinityTerm } from '../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { LabelSelector } from '../../shared/api/object.ts'
import { matchesRequirements, type Requirement, requirementsOf } from '../../shared/selectors.ts'

type Labels = Readonly<Record<string, string>>

/** One term of a Pod's affinity to other Pods, ready to be matched. */
export interface AffinityTerm {
  readonly topologyKey: string
  /** Undefined where the term has no selector: it then matches no Pod. */
  readonly selector: readonly Requirement[] | undefined
  readonly namespaces: ReadonlySet<string>
  readonly namespaceSelector: readonly Requirement[] | undefined
}

export interface WeightedTerm {
  readonly weight: number
  readonly term: AffinityTerm
}

export interface PodAffinityTerms {
  readonly required: readonly AffinityTerm[]
  readonly preferred: readonly WeightedTerm[]
  readonly requiredAnti: readonly AffinityTerm[]
  readonly preferredAnti: readonly WeightedTerm[]
}

const NONE: PodAffinityTerms = { required: [], preferred: [], requiredAnti: [], preferredAnti: [] }

export function podAffinityTermsOf(pod: Pod): PodAffinityTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  if (!podAffinity && !podAntiAffinity) return NONE
  const parse = (term: PodAffinityTerm) => parseTerm(pod, term)
  const parseWeighted = ({ weight, podAffinityTerm }: { weight: number; podAffinityTerm: PodAffinityTerm }) => ({
    weight,
    term: parse(podAffinityTerm),
  })
  return {
    required: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(parse),
    preferred: (podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(parseWeighted),
    requiredAnti: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(parse),
    preferredAnti: (podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(parseWeighted),
  }
}

/** `namespaceLabels` gives the labels of a Namespace by name. */
export function termMatches(
  term: AffinityTerm,
  pod: { namespace: string; labels: Labels },
  namespaceLabels: (name: string) => Labels,
): boolean {
  if (!term.selector) return false
  const inNamespace =
    term.namespaces.has(pod.namespace) ||
    (term.namespaceSelector !== undefined &&
      matchesRequirements(term.namespaceSelector, namespaceLabels(pod.namespace)))
  return inNamespace && matchesRequirements(term.selector, pod.labels)
}

/** A term without namespaces and without a selector of them means the Pod's own. */
function parseTerm(pod: Pod, term: PodAffinityTerm): AffinityTerm {
  const own = !term.namespaces?.length && !term.namespaceSelector ? [pod.metadata.namespace ?? ''] : []
  return {
    topologyKey: term.topologyKey,
    selector: selectorWithKeys(term.labelSelector, pod, term.matchLabelKeys, term.mismatchLabelKeys),
    namespaces: new Set([...(term.namespaces ?? []), ...own]),
    namespaceSelector: term.namespaceSelector && requirementsOf(term.namespaceSelector),
  }
}

/** The selector, narrowed to Pods that have the same (or other) values of the named labels as `pod` itself. */
export function selectorWithKeys(
  selector: LabelSelector | undefined,
  pod: Pod,
  matchKeys: readonly string[] = [],
  mismatchKeys: readonly string[] = [],
): Requirement[] | undefined {
  if (!selector) return undefined
  const labels = pod.metadata.labels ?? {}
  const narrow = (keys: readonly string[], operator: 'In' | 'NotIn'): Requirement[] =>
    keys.filter((key) => Object.hasOwn(labels, key)).map((key) => ({ key, operator, values: [labels[key] as string] }))
  return [...requirementsOf(selector), ...narrow(matchKeys, 'In'), ...narrow(mismatchKeys, 'NotIn')]
}
