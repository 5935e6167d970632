import type { TopologySpreadConstraint } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateLabelSelector } from '../validation/labels.ts'
import { isQualifiedName } from '../validation/names.ts'

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway']

export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[],
  path: string,
  errors: FieldErrors,
): void {
  const known = new Set<string>()
  for (const [index, { maxSkew, topologyKey, whenUnsatisfiable, labelSelector }] of constraints.entries()) {
    const at = `${path}[${index}]`
    if (maxSkew <= 0) errors.invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero')
    if (!topologyKey) errors.required(`${at}.topologyKey`, 'can not be empty')
    else errors.check(`${at}.topologyKey`, topologyKey, isQualifiedName)
    errors.oneOf(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ACTIONS)
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`
    if (known.has(pair)) errors.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair)
    known.add(pair)
    if (labelSelector) validateLabelSelector(labelSelector, `${at}.labelSelector`, errors)
  }
}
