import type { Container, ContainerRestartRule } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'

const POLICIES = ['Always', 'Never', 'OnFailure']
const ACTIONS = ['Restart', 'RestartAllContainers']
const OPERATORS = ['In', 'NotIn']
const MOST_RULES = 20
const MOST_EXIT_CODES = 255

/** A container's own restartPolicy, and its rules by exit code, which need one. */
export function validateRestartPolicy(
  { restartPolicy, restartPolicyRules = [] }: Container,
  path: string,
  errors: FieldErrors,
): void {
  if (restartPolicy !== undefined && !POLICIES.includes(restartPolicy)) {
    errors.notSupported(`${path}.restartPolicy`, restartPolicy, POLICIES)
  }
  if (restartPolicy === undefined && restartPolicyRules.length > 0) {
    errors.required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used')
  }
  const at = `${path}.restartPolicyRules`
  if (restartPolicyRules.length > MOST_RULES) errors.tooMany(at, restartPolicyRules.length, MOST_RULES)
  for (const [index, rule] of restartPolicyRules.entries()) validateRule(rule, `${at}[${index}]`, errors)
}

function validateRule({ action, exitCodes }: ContainerRestartRule, path: string, errors: FieldErrors): void {
  if (!ACTIONS.includes(action)) errors.notSupported(`${path}.action`, action, ACTIONS)
  if (!exitCodes) {
    errors.required(`${path}.exitCodes`, 'must be specified')
    return
  }
  const { operator, values = [] } = exitCodes
  if (!OPERATORS.includes(operator)) errors.notSupported(`${path}.exitCodes.operator`, operator, OPERATORS)
  if (values.length > MOST_EXIT_CODES) errors.tooMany(`${path}.exitCodes.values`, values.length, MOST_EXIT_CODES)
}
