import type { TopologySpreadConstraint } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateLabelKeys, validateLabelSelector } from '../validation/labels.ts'
import { isQualifiedName } from '../validation/names.ts'

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway']
const NODE_POLICIES = ['Honor', 'Ignore']

export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[],
  path: string,
  errors: FieldErrors,
): void {
  const known = new Set<string>()
  for (const [index, constraint] of constraints.entries()) {
    const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector } = constraint
    const at = `${path}[${index}]`
    if (maxSkew <= 0) errors.invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero')
    if (!topologyKey) errors.required(`${at}.topologyKey`, 'can not be empty')
    else errors.check(`${at}.topologyKey`, topologyKey, isQualifiedName)
    errors.oneOf(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ACTIONS)
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`
    if (known.has(pair)) errors.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair)
    known.add(pair)
    validateMinDomains(constraint, `${at}.minDomains`, errors)
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      if (constraint[field]) errors.oneOf(`${at}.${field}`, constraint[field], NODE_POLICIES)
    }
    validateKeysOfOwn(constraint, `${at}.matchLabelKeys`, errors)
    if (labelSelector) validateLabelSelector(labelSelector, `${at}.labelSelector`, errors)
  }
}

function validateMinDomains(
  { minDomains, whenUnsatisfiable }: TopologySpreadConstraint,
  path: string,
  errors: FieldErrors,
): void {
  if (minDomains === undefined) return
  if (minDomains <= 0) errors.invalid(path, minDomains, 'must be greater than zero')
  if (whenUnsatisfiable === 'DoNotSchedule') return
  const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
  errors.invalid(path, minDomains, why)
}

/** The keys whose values are those of the Pod's own labels; the selector cannot ask for others of them. */
function validateKeysOfOwn(constraint: TopologySpreadConstraint, path: string, errors: FieldErrors): void {
  const { matchLabelKeys = [], labelSelector } = constraint
  const selected = [
    ...Object.keys(labelSelector?.matchLabels ?? {}),
    ...(labelSelector?.matchExpressions ?? []).map(({ key }) => key),
  ]
  validateLabelKeys(matchLabelKeys, labelSelector, path, errors)
  for (const [index, key] of matchLabelKeys.entries()) {
    if (!selected.includes(key)) continue
    errors.invalid(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector')
  }
}
