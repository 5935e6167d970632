import { isIP } from 'node:net'
import type { HostAlias, PodSpec, PodTemplateSpec } from '../../../shared/api/generated/core-v1.ts'
import { unhonouredFields } from '../../../shared/pod-fields/unhonoured-fields.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateAnnotations, validateLabels } from '../validation/labels.ts'
import { isDnsLabel, isDnsSubdomain, isQualifiedName } from '../validation/names.ts'
import { validateAffinity } from './affinity-validation.ts'
import { validateContainers } from './container-validation.ts'
import { validateHostNetwork } from './port-validation.ts'
import { validateTolerations } from './taint-validation.ts'
import { validateTopologySpread } from './topology-spread-validation.ts'
import { validateVolumes } from './volume-validation.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never']
const INT32_MAX = 2 ** 31 - 1

/** A Pod's spec, its own or in a template. Expects the defaults to be in. */
export function validatePodSpec(spec: PodSpec, path: string, errors: FieldErrors): void {
  validateVolumes(spec.volumes ?? [], `${path}.volumes`, errors)
  validateContainers(spec, path, errors)
  errors.oneOf(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES)
  validateScheduling(spec, path, errors)
  validateNames(spec, path, errors)
  validateNetwork(spec, path, errors)
  validateDeadline(spec.activeDeadlineSeconds, `${path}.activeDeadlineSeconds`, errors)
  refuseUnhonoured(spec, path, errors)
}

export function validatePodTemplate({ metadata = {}, spec }: PodTemplateSpec, path: string, errors: FieldErrors): void {
  validateLabels(metadata.labels, `${path}.metadata.labels`, errors)
  validateAnnotations(metadata.annotations, `${path}.metadata.annotations`, errors)
  if (spec) validatePodSpec(spec, `${path}.spec`, errors)
}

function validateScheduling(spec: PodSpec, path: string, errors: FieldErrors): void {
  validateLabels(spec.nodeSelector, `${path}.nodeSelector`, errors)
  if (spec.affinity) validateAffinity(spec.affinity, `${path}.affinity`, errors)
  validateTolerations(spec.tolerations ?? [], `${path}.tolerations`, errors)
  validateTopologySpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`, errors)
  if (spec.preemptionPolicy) errors.oneOf(`${path}.preemptionPolicy`, spec.preemptionPolicy, PREEMPTION_POLICIES)
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    errors.check(`${path}.schedulingGates[${index}]`, name, isQualifiedName)
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
}

function validateNetwork(spec: PodSpec, path: string, errors: FieldErrors): void {
  errors.oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES)
  if (spec.dnsPolicy === 'None' && !spec.dnsConfig?.nameservers?.length) {
    errors.required(
      `${path}.dnsConfig.nameservers`,
      'must provide at least one DNS nameserver when `dnsPolicy` is None',
    )
  }
  for (const [index, server] of (spec.dnsConfig?.nameservers ?? []).entries()) {
    checkAddress(server, `${path}.dnsConfig.nameservers[${index}]`, errors)
  }
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    validateHostAlias(alias, `${path}.hostAliases[${index}]`, errors)
  }
  if (spec.hostNetwork) validateHostNetwork(spec.containers, `${path}.containers`, errors)
}

function validateHostAlias({ ip, hostnames = [] }: HostAlias, path: string, errors: FieldErrors): void {
  checkAddress(ip, `${path}.ip`, errors)
  for (const [index, name] of hostnames.entries()) errors.check(`${path}.hostnames[${index}]`, name, isDnsSubdomain)
}

function checkAddress(text: string, path: string, errors: FieldErrors): void {
  if (isIP(text) === 0) errors.invalid(path, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')
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
