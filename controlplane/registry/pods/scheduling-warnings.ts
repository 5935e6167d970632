import type { Affinity, NodeSelectorTerm, PodSpec } from '../../../shared/api/generated/core-v1.ts'

/** Labels of nodes that have another name since. */
const OLD_NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
const MATCHES_NONE = 'a null labelSelector results in matching no pod'

/** Labels of nodes by their old names, and selectors that match no Pod. `path` is where the spec is. */
export function schedulingWarnings(spec: PodSpec, path: string): string[] {
  const selector = Object.keys(spec.nodeSelector ?? {}).filter((label) => OLD_NODE_LABELS[label])
  return [
    ...selector.map((label) => `${path}.nodeSelector[${label}]: ${OLD_NODE_LABELS[label]}`),
    ...affinityWarnings(spec.affinity ?? {}, `${path}.affinity`),
    ...(spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, index) => {
      const at = `${path}.topologySpreadConstraints[${index}]`
      return [...oldLabel(topologyKey, `${at}.topologyKey`), ...matchesNone(labelSelector, at)]
    }),
  ]
}

function affinityWarnings({ nodeAffinity, ...others }: Affinity, path: string): string[] {
  const required = nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? []
  const preferred = nodeAffinity?.[PREFERRED] ?? []
  const at = `${path}.nodeAffinity`
  return [
    ...required.flatMap((term, index) => termWarnings(term, `${at}.${REQUIRED}.nodeSelectorTerms[${index}]`)),
    ...preferred.flatMap(({ preference }, index) =>
      termWarnings(preference, `${at}.${PREFERRED}[${index}].preference`),
    ),
    ...(['podAffinity', 'podAntiAffinity'] as const).flatMap((type) => [
      ...(others[type]?.[REQUIRED] ?? []).flatMap(({ labelSelector }, index) =>
        matchesNone(labelSelector, `${path}.${type}.${REQUIRED}[${index}]`),
      ),
      ...(others[type]?.[PREFERRED] ?? []).flatMap(({ podAffinityTerm }, index) =>
        matchesNone(podAffinityTerm.labelSelector, `${path}.${type}.${PREFERRED}[${index}].podAffinityTerm`),
      ),
    ]),
  ]
}

function termWarnings({ matchExpressions = [] }: NodeSelectorTerm, path: string): string[] {
  return matchExpressions.flatMap(({ key }, index) => oldLabel(key, `${path}.matchExpressions[${index}].key`))
}

function oldLabel(label: string, path: string): string[] {
  return OLD_NODE_LABELS[label] ? [`${path}: ${label} is ${OLD_NODE_LABELS[label]}`] : []
}

function matchesNone(selector: object | undefined, path: string): string[] {
  return selector ? [] : [`${path}.labelSelector: ${MATCHES_NONE}`]
}
