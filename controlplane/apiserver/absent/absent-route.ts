import { ApiError } from '../../../shared/api/api-error.ts'
import { apiVersionOf } from '../../../shared/api/kinds.ts'
import type { ApiVerb, Handler } from '../handler.ts'
import { value } from '../http/answer.ts'
import type { ResourceTarget } from '../request/resource-path.ts'
import { ABSENT_KINDS, type AbsentKind } from './absent-kinds.ts'

export function findAbsentKind({ group, version, plural }: ResourceTarget): AbsentKind | undefined {
  return ABSENT_KINDS.find((kind) => kind.group === group && kind.version === version && kind.plural === plural)
}

/** @throws ApiError for all but a list of what is listed: 404 for a certain object, else 501 with the reason */
export function absentHandler(kind: AbsentKind, verb: ApiVerb | undefined, target: ResourceTarget): Handler {
  if (kind.isListed && verb === 'list') return async () => value(200, emptyList(kind))
  throw absentKindError(kind, verb, target)
}

function emptyList(kind: AbsentKind): object {
  return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata: {}, items: [] }
}

/**
 * Of a kind that is not there yet no object exists, which is what whoever looks for a certain one, or deletes it, is told. So
 * `kubectl apply` comes to its create, and that is refused with a reason: a manifest must not seem to work.
 */
function absentKindError(kind: AbsentKind, verb: ApiVerb | undefined, { name, subresource }: ResourceTarget) {
  const isLookedFor = verb === 'get' || verb === 'delete'
  if (isLookedFor && name !== undefined && !subresource) return ApiError.notFound(kind, name)
  const message = `${kind.kind} is not supported by Kubette yet: ${kind.loss}`
  const { group, plural } = kind
  return new ApiError('NotImplemented', message, { ...(name === undefined ? {} : { name }), group, kind: plural })
}
