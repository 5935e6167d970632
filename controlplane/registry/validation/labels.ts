import type { LabelSelector } from '../../../shared/api/object.ts'
import type { FieldErrors } from './field-errors.ts'
import { isLabelValue, isQualifiedName } from './names.ts'

const ANNOTATIONS_MAX_BYTES = 256 * 1024

export function validateLabels(labels: Record<string, string> = {}, path: string, errors: FieldErrors): void {
  for (const [key, value] of Object.entries(labels)) {
    errors.check(path, key, isQualifiedName)
    errors.check(path, value, isLabelValue)
  }
}

export function validateAnnotations(annotations: Record<string, string> = {}, path: string, errors: FieldErrors): void {
  let bytes = 0
  for (const [key, value] of Object.entries(annotations)) {
    errors.check(path, key, (text) => isQualifiedName(text.toLowerCase()))
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (bytes > ANNOTATIONS_MAX_BYTES) errors.tooLong(path, ANNOTATIONS_MAX_BYTES)
}

export function validateLabelSelector(selector: LabelSelector, path: string, errors: FieldErrors): void {
  validateLabels(selector.matchLabels, `${path}.matchLabels`, errors)
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    validateExpression(expression, `${path}.matchExpressions[${index}]`, errors)
  }
}

/** Keys of labels that are added to a selector, which must be there. */
export function validateLabelKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (keys.length > 0 && !selector) errors.forbidden(path, 'must not be specified when labelSelector is not set')
  for (const [index, key] of keys.entries()) errors.check(`${path}[${index}]`, key, isQualifiedName)
}

function validateExpression(
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
  path: string,
  errors: FieldErrors,
): void {
  if (validateSetOperator(operator, values, path, errors) === 'unknown') {
    errors.invalid(`${path}.operator`, operator, 'not a valid selector operator')
  }
  errors.check(`${path}.key`, key, isQualifiedName)
  for (const [index, value] of values.entries()) errors.check(`${path}.values[${index}]`, value, isLabelValue)
}

/** The values that the set operators In, NotIn, Exists and DoesNotExist ask for; `unknown` for any other operator. */
export function validateSetOperator(
  operator: string,
  values: readonly string[],
  path: string,
  errors: FieldErrors,
): 'known' | 'unknown' {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
      return 'known'
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
      }
      return 'known'
    default:
      return 'unknown'
  }
}
