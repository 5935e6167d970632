import type { DeploymentStrategy } from '../../../shared/api/generated/apps-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isPercent } from '../validation/names.ts'

type IntOrPercent = number | string | undefined

export function validateDeploymentStrategy(strategy: DeploymentStrategy, path: string, errors: FieldErrors): void {
  const { type, rollingUpdate } = strategy
  if (type === 'Recreate') {
    const why = "may not be specified when strategy `type` is 'Recreate'"
    if (rollingUpdate) errors.forbidden(`${path}.rollingUpdate`, why)
  } else if (type !== 'RollingUpdate') {
    errors.notSupported(`${path}.type`, type, ['Recreate', 'RollingUpdate'])
  } else if (rollingUpdate) {
    const { maxUnavailable, maxSurge } = rollingUpdate
    validateIntOrPercent(maxUnavailable, `${path}.rollingUpdate.maxUnavailable`, errors)
    validateIntOrPercent(maxSurge, `${path}.rollingUpdate.maxSurge`, errors)
    if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
      errors.invalid(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')
    }
    if (typeof maxUnavailable === 'string' && amountOf(maxUnavailable) > 100) {
      errors.invalid(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, 'must not be greater than 100%')
    }
  }
}

function validateIntOrPercent(value: IntOrPercent, path: string, errors: FieldErrors): void {
  if (typeof value === 'string') errors.check(path, value, isPercent)
  else errors.nonNegative(path, value)
}

/** The number, or the percentage, that it says. */
function amountOf(value: IntOrPercent): number {
  return typeof value === 'string' ? Number.parseInt(value, 10) : (value ?? 0)
}
