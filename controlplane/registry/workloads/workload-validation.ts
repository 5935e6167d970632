import type { PodTemplateSpec } from '../../../shared/api/generated/core-v1.ts'
import type { LabelSelector } from '../../../shared/api/object.ts'
import { matchesLabelSelector } from '../../../shared/selectors.ts'
import { jsonEqual } from '../json-equal.ts'
import { validatePodTemplate } from '../pods/pod-spec-validation.ts'
import { FieldErrors } from '../validation/field-errors.ts'
import { validateLabelSelector } from '../validation/labels.ts'

/** What a ReplicaSet's spec and a Deployment's have in common. */
export interface WorkloadSpec {
  replicas?: number
  minReadySeconds?: number
  selector?: LabelSelector
  template?: PodTemplateSpec
}

export function validateWorkload(spec: WorkloadSpec, errors: FieldErrors): void {
  const { selector, template = {} } = spec
  errors.nonNegative('spec.replicas', spec.replicas)
  errors.nonNegative('spec.minReadySeconds', spec.minReadySeconds)
  const isUsable = validateSelector(selector, errors)
  if (isUsable && !matchesLabelSelector(selector, template.metadata?.labels)) {
    const labels = template.metadata?.labels ?? null
    errors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')
  }
  validatePodTemplate(template, 'spec.template', errors)
  validateLongRunning(template, errors)
}

export function validateWorkloadUpdate(spec: WorkloadSpec, current: WorkloadSpec, errors: FieldErrors): void {
  if (!jsonEqual(spec.selector, current.selector)) {
    errors.invalid('spec.selector', spec.selector ?? null, 'field is immutable')
  }
}

/** True where the selector is good enough to be matched against labels. */
function validateSelector(selector: LabelSelector | undefined, errors: FieldErrors): boolean {
  if (!selector) {
    errors.required('spec.selector')
    return false
  }
  const found = new FieldErrors()
  validateLabelSelector(selector, 'spec.selector', found)
  errors.list.push(...found.list)
  const isEmpty = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0
  if (isEmpty) errors.invalid('spec.selector', selector, 'empty selector is invalid for deployment')
  return !isEmpty && found.list.length === 0
}

function validateLongRunning({ spec }: PodTemplateSpec, errors: FieldErrors): void {
  if (spec?.restartPolicy && spec.restartPolicy !== 'Always') {
    errors.notSupported('spec.template.spec.restartPolicy', spec.restartPolicy, ['Always'])
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    const why = 'activeDeadlineSeconds in ReplicaSet is not Supported'
    errors.forbidden('spec.template.spec.activeDeadlineSeconds', why)
  }
}
