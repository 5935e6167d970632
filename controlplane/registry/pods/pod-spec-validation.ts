import type { PodSpec, PodTemplateSpec } from '../../../shared/api/generated/core-v1.ts'
import { DELETION_COST, podDeletionCost } from '../../../shared/pod-deletion-cost.ts'
import { unhonouredFields } from '../../../shared/pod-fields/unhonoured-fields.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateAnnotations, validateLabels } from '../validation/labels.ts'
import { isDnsLabel, isDnsSubdomain, isQualifiedName } from '../validation/names.ts'
import { validateAffinity } from './affinity-validation.ts'
import { validateAppArmorAnnotations } from './app-armor-annotations.ts'
import { validateContainers } from './container-validation.ts'
import { validateDns } from './dns-validation.ts'
import { validateHostNetwork } from './port-validation.ts'
import { validatePodSecurityContext } from './security-context-validation.ts'
import { validateTolerations } from './taint-validation.ts'
import { validateTopologySpread } from './topology-spread-validation.ts'
import { validateVolumes } from './volume-validation.ts'

type Annotations = Readonly<Record<string, string>>

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const MAX_KERNEL_NAME = 64
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never']
const INT32_MAX = 2 ** 31 - 1

/** A Pod's spec, its own or in a template. Expects the defaults to be in. */
export function validatePodSpec(spec: PodSpec, path: string, errors: FieldErrors): void {
  validateVolumes(spec.volumes ?? [], `${path}.volumes`, errors)
  validateContainers(spec, path, errors)
  errors.oneOf(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES)
  validateScheduling(spec, path, errors)
  validateNames(spec, path, errors)
  validateDns(spec, path, errors)
  if (spec.hostNetwork) validateHostNetwork(spec.containers, `${path}.containers`, errors)
  validatePodSecurityContext(spec, `${path}.securityContext`, errors)
  validateDeadline(spec.activeDeadlineSeconds, `${path}.activeDeadlineSeconds`, errors)
  refuseUnhonoured(spec, path, errors)
}

export function validatePodTemplate({ metadata = {}, spec }: PodTemplateSpec, path: string, errors: FieldErrors): void {
  validateLabels(metadata.labels, `${path}.metadata.labels`, errors)
  const annotationsPath = `${path}.metadata.annotations`
  validateAnnotations(metadata.annotations, annotationsPath, errors)
  validateDeletionCost(metadata.annotations, annotationsPath, errors)
  if (!spec) return
  validatePodSpec(spec, `${path}.spec`, errors)
  if (spec.ephemeralContainers?.length) {
    errors.forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')
  }
  validateAppArmorAnnotations(spec, `${path}.spec`, metadata.annotations, annotationsPath, errors)
}

/** `path` is where the annotations are. */
export function validateDeletionCost(annotations: Annotations = {}, path: string, errors: FieldErrors): void {
  if (podDeletionCost(annotations) !== undefined) return
  errors.invalid(`${path}[${DELETION_COST}]`, annotations[DELETION_COST], 'must be a 32bit integer')
}

function validateScheduling(spec: PodSpec, path: string, errors: FieldErrors): void {
  validateLabels(spec.nodeSelector, `${path}.nodeSelector`, errors)
  if (spec.affinity) validateAffinity(spec.affinity, `${path}.affinity`, errors)
  validateTolerations(spec.tolerations ?? [], `${path}.tolerations`, errors)
  validateTopologySpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`, errors)
  if (spec.preemptionPolicy) errors.oneOf(`${path}.preemptionPolicy`, spec.preemptionPolicy, PREEMPTION_POLICIES)
  const gates = (spec.schedulingGates ?? []).map(({ name }) => name)
  for (const [index, name] of gates.entries()) {
    errors.check(`${path}.schedulingGates[${index}]`, name, isQualifiedName)
    if (gates.indexOf(name) < index) errors.duplicate(`${path}.schedulingGates[${index}]`, name)
  }
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    errors.check(`${path}.readinessGates[${index}].conditionType`, conditionType, isQualifiedName)
  }
}

function validateNames(spec: PodSpec, path: string, errors: FieldErrors): void {
  for (const field of ['nodeName', 'serviceAccountName', 'priorityClassName', 'runtimeClassName'] as const) {
    const name = spec[field]
    if (name) errors.check(`${path}.${field}`, name, isDnsSubdomain)
  }
  for (const field of ['hostname', 'subdomain'] as const) {
    const name = spec[field]
    if (name) errors.check(`${path}.${field}`, name, isDnsLabel)
  }
  if (spec.hostnameOverride !== undefined) validateHostnameOverride(spec, spec.hostnameOverride, path, errors)
}

function validateHostnameOverride(spec: PodSpec, name: string, path: string, errors: FieldErrors): void {
  errors.check(`${path}.hostnameOverride`, name, isDnsSubdomain)
  if (name.length > MAX_KERNEL_NAME) errors.tooLong(`${path}.hostnameOverride`, MAX_KERNEL_NAME)
  for (const field of ['hostNetwork', 'setHostnameAsFQDN'] as const) {
    if (spec[field]) errors.forbidden(`${path}.${field}`, 'may not be true when `hostnameOverride` is specified')
  }
}

function validateDeadline(seconds: number | undefined, path: string, errors: FieldErrors): void {
  if (seconds === undefined || (seconds >= 1 && seconds <= INT32_MAX)) return
  errors.invalid(path, seconds, `must be between 1 and ${INT32_MAX}, inclusive`)
}

/** What cannot be done as it is asked for is refused here rather than run differently. */
function refuseUnhonoured(spec: PodSpec, path: string, errors: FieldErrors): void {
  for (const { state, path: field, reason } of unhonouredFields(spec, path)) {
    if (state === 'refused') errors.forbidden(field, reason)
  }
}
