import type { Container, PodSpec, Toleration } from '../../../shared/api/generated/core-v1.ts'
import { jsonEqual } from '../json-equal.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateNarrowing, withoutNarrowing } from './gated-pod-update.ts'

const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

/** Of a running Pod's spec almost nothing may change. Whatever may is set back, and the rest must then be equal. */
export function validatePodUpdate(spec: PodSpec, current: PodSpec, errors: FieldErrors): void {
  for (const field of ['containers', 'initContainers'] as const) {
    if ((spec[field]?.length ?? 0) === (current[field]?.length ?? 0)) continue
    errors.forbidden(`spec.${field}`, 'pod updates may not add or remove containers')
    return
  }
  validateDeadline(spec.activeDeadlineSeconds, current.activeDeadlineSeconds, errors)
  validateTolerationsAdded(spec.tolerations ?? [], current.tolerations ?? [], errors)
  validateGatesRemoved(spec, current, errors)
  const isGated = (current.schedulingGates?.length ?? 0) > 0
  if (isGated) validateNarrowing(spec, current, errors)
  const reset = withoutUpdatable(spec, current)
  const changed = changedFields(isGated ? withoutNarrowing(reset, current) : reset, current)
  if (changed.length === 0) return
  const fields = changed.map((field) => `\`spec.${field}\``).join(', ')
  errors.forbidden('spec', `pod updates may not change fields other than ${UPDATABLE}\nchanged: ${fields}`)
}

function withoutUpdatable(spec: PodSpec, current: PodSpec): PodSpec {
  const reset: PodSpec = {
    ...spec,
    containers: withImages(spec.containers, current.containers),
    ...(spec.initContainers ? { initContainers: withImages(spec.initContainers, current.initContainers ?? []) } : {}),
  }
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'schedulingGates'] as const) {
    Object.assign(reset, { [field]: current[field] })
  }
  const { terminationGracePeriodSeconds: before } = current
  if (before !== undefined && before < 0 && spec.terminationGracePeriodSeconds === 1) {
    reset.terminationGracePeriodSeconds = before
  }
  return reset
}

function withImages(containers: readonly Container[], current: readonly Container[]): Container[] {
  return containers.map((container, index) => {
    const image = current[index]?.image
    return image === undefined ? container : { ...container, image }
  })
}

function changedFields(spec: PodSpec, current: PodSpec): string[] {
  const fields = new Set([...Object.keys(spec), ...Object.keys(current)]) as Set<keyof PodSpec>
  return [...fields].filter((field) => !jsonEqual(spec[field], current[field]))
}

function validateDeadline(seconds: number | undefined, before: number | undefined, errors: FieldErrors): void {
  const path = 'spec.activeDeadlineSeconds'
  if (before === undefined) return
  if (seconds === undefined) errors.invalid(path, null, 'must not update from a positive integer to nil value')
  else if (seconds > before) errors.invalid(path, seconds, 'must be less than or equal to previous value')
}

function validateTolerationsAdded(
  now: readonly Toleration[],
  before: readonly Toleration[],
  errors: FieldErrors,
): void {
  const isKept = ({ tolerationSeconds: _, ...old }: Toleration) =>
    now.some(({ tolerationSeconds: _, ...toleration }) => jsonEqual(toleration, old))
  if (before.every(isKept)) return
  errors.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')
}

function validateGatesRemoved(spec: PodSpec, current: PodSpec, errors: FieldErrors): void {
  const before = new Set(current.schedulingGates?.map(({ name }) => name))
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (before.has(name)) continue
    const why = `only deletion is allowed, but found new scheduling gate '${name}'`
    errors.forbidden(`spec.schedulingGates[${index}].name`, why)
  }
}
