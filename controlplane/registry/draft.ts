import { ApiError } from '../../shared/api/api-error.ts'
import { DecodeError, decode } from '../../shared/api/decode.ts'
import { apiVersionOf, type Kind } from '../../shared/api/kinds.ts'
import type { KubeObject } from '../../shared/api/object.ts'
import { normalizeZeroValues } from './zero-values.ts'

/**
 * A copy of what a writer handed in, for the registry to change: it has the types of the kind's schema, nothing that
 * the schema does not know, all that the schema requires (empty, where it was not given), and no optional list
 * or map that is empty. Throws BadRequest.
 */
export function draftOf(kind: Kind, object: KubeObject): KubeObject {
  const draft = decoded(kind, object)
  draft.metadata ??= {}
  normalizeZeroValues(kind.type, draft)
  return draft
}

function decoded(kind: Kind, object: KubeObject): KubeObject {
  try {
    const { value } = decode(kind.type, object)
    return { ...value, apiVersion: apiVersionOf(kind), kind: kind.kind } as unknown as KubeObject
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const { version, kind: name } = kind
    throw ApiError.badRequest(`${name} in version "${version}" cannot be handled as a ${name}: ${error.message}`)
  }
}
