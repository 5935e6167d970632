import type { Container, PodSpec, PodTemplateSpec } from '../../../shared/api/generated/core-v1.ts'
import { unhonouredFields } from '../../../shared/pod-fields/unhonoured-fields.ts'
import { claimSpecWarnings } from '../storage/claim-spec.ts'
import { isDnsLabel } from '../validation/names.ts'
import { appArmorWarnings } from './app-armor-annotations.ts'
import { containerWarnings } from './container-warnings.ts'
import { portWarnings } from './port-warnings.ts'
import { schedulingWarnings } from './scheduling-warnings.ts'

/** Annotations that fields have taken the place of. */
const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}
const SECCOMP = 'seccomp.security.alpha.kubernetes.io'
const NO_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
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
    ...annotationWarnings(pod.metadata?.annotations ?? {}, spec).map((text) => `${path}metadata.annotations${text}`),
    ...schedulingWarnings(spec, at),
    ...claimTemplateWarnings(spec, `${at}.volumes`),
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

/** Those for seccomp may stay where the field says it, too. */
function annotationWarnings(annotations: Readonly<Record<string, string>>, spec: PodSpec): string[] {
  const old = Object.entries(OLD_ANNOTATIONS).filter(([key]) => annotations[key] !== undefined)
  const profiles = [
    { key: `${SECCOMP}/pod`, security: spec.securityContext },
    ...containersOf(spec, '').map(([{ name, securityContext }]) => ({
      key: `container.${SECCOMP}/${name}`,
      security: securityContext,
    })),
  ]
  const inVain = profiles.filter(({ key, security }) => annotations[key] !== undefined && !security?.seccompProfile)
  return [...old.map(([key, why]) => `[${key}]: ${why}`), ...inVain.map(({ key }) => `[${key}]: ${NO_SECCOMP}`)]
}

function claimTemplateWarnings({ volumes = [] }: PodSpec, path: string): string[] {
  return volumes.flatMap(({ ephemeral }, index) => {
    const template = ephemeral?.volumeClaimTemplate
    return template ? claimSpecWarnings(template.spec, `${path}[${index}].ephemeral.volumeClaimTemplate.spec`) : []
  })
}

function duplicates(values: readonly string[] = [], field: string, path: string): string[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) < index ? [`${path}[${index}].${field}: duplicate ${field} ${JSON.stringify(value)}`] : [],
  )
}

function namelessSecrets({ imagePullSecrets = [] }: PodSpec, path: string): string[] {
  return imagePullSecrets.flatMap(({ name }, index) => (name ? [] : [`${path}[${index}].name: invalid empty name ""`]))
}
