import { ApiError } from '../../../shared/api/api-error.ts'
import type { ApiVerb } from '../handler.ts'
import type { ResourceTarget } from '../request/resource-path.ts'
import { ABSENT_KINDS, type AbsentKind } from './absent-kinds.ts'

export function findAbsentKind({ group, version, plural }: ResourceTarget): AbsentKind | undefined {
  return ABSENT_KINDS.find((kind) => kind.group === group && kind.version === version && kind.plural === plural)
}

/**
 * Of a kind that is not there yet no object exists, which is what whoever looks for a certain one, or deletes it, is told. So
 * `kubectl apply` comes to its create, and that is refused with a reason: a manifest must not seem to work.
 */
export function absentKindError(kind: AbsentKind, verb: ApiVerb | undefined, { name, subresource }: ResourceTarget) {
  const isLookedFor = verb === 'get' || verb === 'delete'
  if (isLookedFor && name !== undefined && !subresource) return ApiError.notFound(kind, name)
  const message = `${kind.kind} is not supported by Kubette yet: ${kind.loss}`
  const { group, plural } = kind
  return new ApiError('NotImplemented', message, { ...(name === undefined ? {} : { name }), group, kind: plural })
}
