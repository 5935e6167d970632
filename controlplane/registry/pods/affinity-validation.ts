import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateLabelKeys, validateLabelSelector, validateSetOperator } from '../validation/labels.ts'
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from '../validation/names.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
const BAD_OPERATOR = 'not a valid selector operator'

export function validateAffinity(affinity: Affinity, path: string, errors: FieldErrors): void {
  if (affinity.nodeAffinity) validateNodeAffinity(affinity.nodeAffinity, `${path}.nodeAffinity`, errors)
  for (const type of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = affinity[type]
    if (terms) validatePodAffinity(terms, `${path}.${type}`, errors)
  }
}

function validateNodeAffinity(affinity: NodeAffinity, path: string, errors: FieldErrors): void {
  const required = affinity[REQUIRED]
  if (required) validateNodeSelector(required, `${path}.${REQUIRED}`, errors)
  for (const [index, { weight, preference }] of (affinity[PREFERRED] ?? []).entries()) {
    const preferredAt = `${path}.${PREFERRED}[${index}]`
    validateWeight(weight, preferredAt, errors)
    validateTerm(preference, `${preferredAt}.preference`, errors)
  }
}

export function validateNodeSelector({ nodeSelectorTerms }: NodeSelector, path: string, errors: FieldErrors): void {
  const at = `${path}.nodeSelectorTerms`
  if (nodeSelectorTerms.length === 0) errors.required(at, 'must have at least one node selector term')
  for (const [index, term] of nodeSelectorTerms.entries()) {
    validateTerm(term, `${at}[${index}]`, errors)
    validateValues(term, `${at}[${index}]`, errors)
  }
}

/** No label can have another value, so no node would ever fit. What is only preferred may ask in vain. */
function validateValues({ matchExpressions = [] }: NodeSelectorTerm, path: string, errors: FieldErrors): void {
  for (const [index, { values = [] }] of matchExpressions.entries()) {
    const at = `${path}.matchExpressions[${index}].values`
    for (const [position, value] of values.entries()) errors.check(`${at}[${position}]`, value, isLabelValue)
  }
}

function validateTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  path: string,
  errors: FieldErrors,
) {
  for (const [index, requirement] of matchExpressions.entries()) {
    validateExpression(requirement, `${path}.matchExpressions[${index}]`, errors)
  }
  for (const [index, requirement] of matchFields.entries()) {
    validateField(requirement, `${path}.matchFields[${index}]`, errors)
  }
}

function validateExpression(requirement: NodeSelectorRequirement, path: string, errors: FieldErrors): void {
  const { key, operator, values = [] } = requirement
  if (operator === 'Gt' || operator === 'Lt') {
    const why = "must be specified single value when `operator` is 'Lt' or 'Gt'"
    if (values.length !== 1) errors.required(`${path}.values`, why)
  } else if (validateSetOperator(operator, values, path, errors) === 'unknown') {
    errors.invalid(`${path}.operator`, operator, BAD_OPERATOR)
  }
  errors.check(`${path}.key`, key, isQualifiedName)
}

function validateField(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: string,
  errors: FieldErrors,
): void {
  if (operator !== 'In' && operator !== 'NotIn') errors.invalid(`${path}.operator`, operator, BAD_OPERATOR)
  else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    errors.required(`${path}.values`, why)
  }
  if (key !== 'metadata.name') errors.invalid(`${path}.key`, key, 'not a valid field selector key')
  else for (const [index, name] of values.entries()) errors.check(`${path}.values[${index}]`, name, isDnsSubdomain)
}

function validatePodAffinity(affinity: PodAffinity, path: string, errors: FieldErrors): void {
  for (const [index, term] of (affinity[REQUIRED] ?? []).entries()) {
    validatePodTerm(term, `${path}.${REQUIRED}[${index}]`, errors)
  }
  for (const [index, { weight, podAffinityTerm }] of (affinity[PREFERRED] ?? []).entries()) {
    const at = `${path}.${PREFERRED}[${index}]`
    validateWeight(weight, at, errors)
    validatePodTerm(podAffinityTerm, `${at}.podAffinityTerm`, errors)
  }
}

function validatePodTerm(term: PodAffinityTerm, path: string, errors: FieldErrors): void {
  if (term.labelSelector) validateLabelSelector(term.labelSelector, `${path}.labelSelector`, errors)
  if (term.namespaceSelector) validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`, errors)
  for (const name of term.namespaces ?? []) errors.check(`${path}.namespace`, name, isDnsLabel)
  validateKeysOfOwn(term, path, errors)
  if (!term.topologyKey) errors.required(`${path}.topologyKey`, 'can not be empty')
  else errors.check(`${path}.topologyKey`, term.topologyKey, isQualifiedName)
}

/** The keys whose values are those of the Pod's own labels. */
function validateKeysOfOwn(term: PodAffinityTerm, path: string, errors: FieldErrors): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term
  validateLabelKeys(matchLabelKeys, labelSelector, `${path}.matchLabelKeys`, errors)
  validateLabelKeys(mismatchLabelKeys, labelSelector, `${path}.mismatchLabelKeys`, errors)
  for (const [index, key] of matchLabelKeys.entries()) {
    if (!mismatchLabelKeys.includes(key)) continue
    errors.invalid(`${path}.matchLabelKeys[${index}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys')
  }
}

function validateWeight(weight: number, path: string, errors: FieldErrors): void {
  if (weight < 1 || weight > 100) errors.invalid(`${path}.weight`, weight, 'must be in the range 1-100')
}
