import type { Taint, Toleration } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isLabelValue, isQualifiedName } from '../validation/names.ts'

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const OPERATORS = ['Equal', 'Exists']
const EXISTS_WITHOUT_KEY = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'

export function validateTolerations(tolerations: readonly Toleration[], path: string, errors: FieldErrors): void {
  for (const [index, toleration] of tolerations.entries()) {
    const at = `${path}[${index}]`
    const { key, operator, effect, tolerationSeconds } = toleration
    if (key) errors.check(`${at}.key`, key, isQualifiedName)
    if (!key && operator !== 'Exists') errors.invalid(`${at}.operator`, operator ?? '', EXISTS_WITHOUT_KEY)
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.invalid(`${at}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set")
    }
    validateOperator(toleration, at, errors)
    if (effect) errors.oneOf(`${at}.effect`, effect, EFFECTS)
  }
}

function validateOperator({ operator, value = '' }: Toleration, path: string, errors: FieldErrors): void {
  const at = `${path}.operator`
  if (!operator || operator === 'Equal') {
    const reasons = isLabelValue(value)
    if (reasons.length > 0) errors.invalid(at, value, reasons.join(';'))
  } else if (operator === 'Exists') {
    if (value) errors.invalid(at, value, "value must be empty when `operator` is 'Exists'")
  } else {
    errors.notSupported(at, operator, OPERATORS)
  }
}

export function validateTaints(taints: readonly Taint[], path: string, errors: FieldErrors): void {
  const known = new Set<string>()
  for (const [index, taint] of taints.entries()) {
    const at = `${path}[${index}]`
    errors.check(`${at}.key`, taint.key, isQualifiedName)
    const reasons = isLabelValue(taint.value ?? '')
    if (reasons.length > 0) errors.invalid(`${at}.value`, taint.value, reasons.join(';'))
    errors.oneOf(`${at}.effect`, taint.effect, EFFECTS)
    const id = `${taint.effect}/${taint.key}`
    if (known.has(id)) errors.duplicate(at, taint, 'taints must be unique by key and effect pair')
    known.add(id)
  }
}
