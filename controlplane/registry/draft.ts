import { ApiError } from '../../shared/api/api-error.ts'
import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject } from '../../shared/api/object.ts'
import { cloneJson } from './clone-json.ts'

/** A copy of what a writer handed in, for the registry to change. */
export function draftOf(kind: Kind, object: KubeObject): KubeObject {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw ApiError.badRequest(`the object provided is not a ${kind.kind}`)
  }
  const draft = cloneJson(object)
  draft.metadata ??= {}
  return draft
}
