import { ApiError } from '../../../shared/api/api-error.ts'
import type { Container, EphemeralContainer, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { cloneJson } from '../clone-json.ts'
import { jsonEqual } from '../json-equal.ts'
import { FieldErrors } from '../validation/field-errors.ts'
import { isDnsLabel } from '../validation/names.ts'
import { applyContainerDefaults } from './container-defaults.ts'
import { validateContainer } from './container-validation.ts'

const PATH = 'spec.ephemeralContainers'
/** Of a container's fields, those that are not for one that only looks on for a while. */
const NOT_ALLOWED = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const
const WHY_NOT_ALLOWED = 'cannot be set for an Ephemeral Container'

/** The Pod with the ephemeral containers of `proposed`: none may go or change, new ones may come. @throws ApiError 422 */
export function withEphemeralContainers(current: Persisted<Pod>, proposed: Pod): Pod {
  const draft = cloneJson<Pod>(current)
  const containers = cloneJson(proposed.spec?.ephemeralContainers ?? [])
  draft.spec.ephemeralContainers = containers
  for (const container of containers) applyContainerDefaults(container as Container)
  const errors = new FieldErrors()
  validateEphemeralContainers(draft.spec, errors)
  validateKept(current.spec.ephemeralContainers ?? [], containers, errors)
  if (errors.list.length > 0) throw ApiError.invalid(PODS, current.metadata.name, errors.list)
  if (!jsonEqual(draft.spec, current.spec)) draft.metadata.generation = (current.metadata.generation ?? 0) + 1
  return draft
}

function validateEphemeralContainers(spec: PodSpec, errors: FieldErrors): void {
  const others = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name)
  const names = new Set(others)
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = `${PATH}[${index}]`
    if (!container.name) errors.required(`${at}.name`)
    else errors.check(`${at}.name`, container.name, isDnsLabel)
    if (names.has(container.name)) errors.duplicate(`${at}.name`, container.name)
    names.add(container.name)
    validateContainer(container as Container, spec, at, errors)
    const { targetContainerName: target } = container
    if (target && !others.includes(target)) errors.notFound(`${at}.targetContainerName`, target)
    validateAllowed(container, at, errors)
  }
}

function validateAllowed(container: EphemeralContainer, path: string, errors: FieldErrors): void {
  for (const field of NOT_ALLOWED) if (isSet(container[field])) errors.forbidden(`${path}.${field}`, WHY_NOT_ALLOWED)
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    for (const field of ['subPath', 'subPathExpr'] as const) {
      if (mount[field]) errors.forbidden(`${path}.volumeMounts[${index}].${field}`, WHY_NOT_ALLOWED)
    }
  }
}

function validateKept(
  before: readonly EphemeralContainer[],
  now: readonly EphemeralContainer[],
  errors: FieldErrors,
): void {
  for (const old of before) {
    const kept = now.find(({ name }) => name === old.name)
    const name = JSON.stringify(old.name)
    if (!kept) errors.forbidden(PATH, `existing ephemeral containers ${name} may not be removed\n`)
    else if (!jsonEqual(kept, old)) errors.forbidden(PATH, `existing ephemeral containers ${name} may not be changed\n`)
  }
}

function isSet(value: object | string | undefined): boolean {
  return value !== undefined && Object.keys(Object(value)).length > 0
}
