import type {
  Affinity,
  Container,
  NodeSelectorTerm,
  PodSpec,
  PodTemplateSpec,
} from '../../../shared/api/generated/core-v1.ts'
import { unhonouredFields } from '../../../shared/pod-fields/unhonoured-fields.ts'
import { isDnsLabel } from '../validation/names.ts'
import { appArmorWarnings } from './app-armor-annotations.ts'
import { containerWarnings } from './container-warnings.ts'
import { portWarnings } from './port-warnings.ts'

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
const NEGATIVE_GRACE = 'must be >= 0; negative values are invalid and will be treated as 1'

/**
 * What the sender of a Pod, or of a template, is told about fields that are accepted and do nothing here, about what has
 * another name by now, and about what is valid but hardly meant. `path` is where it is, with its dot; empty for a Pod.
 */
export function podWarnings(pod: PodTemplateSpec | undefined, path: string): string[] {
  if (!pod?.spec) return []
  const { spec } = pod
  const at = `${path}spec`
  const unhonoured = unhonouredFields(spec, at).filter(({ state }) => state === 'warned')
  return [
    ...unhonoured.map(({ path: field, reason }) => `${field}: ${reason}`),
    ...appArmorWarnings(pod.metadata?.annotations, `${path}metadata.annotations`),
    ...schedulingWarnings(spec, at),
    ...duplicates(
      spec.hostAliases?.map(({ ip }) => ip),
      'ip',
      `${at}.hostAliases`,
    ),
    ...duplicates(
      spec.imagePullSecrets?.map(({ name = '' }) => name),
      'name',
      `${at}.imagePullSecrets`,
    ),
    ...namelessSecrets(spec, `${at}.imagePullSecrets`),
    ...containersOf(spec, at).flatMap(([container, where]) => containerWarnings(container, where)),
    ...portWarnings(containersOf(spec, at)),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [`${at}.terminationGracePeriodSeconds: ${NEGATIVE_GRACE}`]
      : []),
  ]
}

/** Of a name that Pods have as their hostname, or that theirs begin with; `use` says which. */
export function nameWarnings(name: string | undefined, use: string): string[] {
  const faults = isDnsLabel(name ?? '')
  if (!name || faults.length === 0) return []
  const why = `which can result in surprising behavior; a DNS label is recommended: [${faults.join(' ')}]`
  return [`metadata.name: this is used in ${use}, ${why}`]
}

function containersOf(spec: PodSpec, path: string): [Container, string][] {
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index): [Container, string] => [container, `${path}.${list}[${index}]`]),
  )
}

function schedulingWarnings(spec: PodSpec, path: string): string[] {
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

function duplicates(values: readonly string[] = [], field: string, path: string): string[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) < index ? [`${path}[${index}].${field}: duplicate ${field} ${JSON.stringify(value)}`] : [],
  )
}

function namelessSecrets({ imagePullSecrets = [] }: PodSpec, path: string): string[] {
  return imagePullSecrets.flatMap(({ name }, index) => (name ? [] : [`${path}[${index}].name: invalid empty name ""`]))
}
