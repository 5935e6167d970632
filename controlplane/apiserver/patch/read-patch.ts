import { ApiError } from '../../../shared/api/api-error.ts'
import { type Decoded, decode } from '../../../shared/api/decode.ts'
import { isPlainObject, isShallow } from '../../../shared/api/decode-scalar.ts'
import { duplicateFields } from '../../../shared/api/duplicate-fields.ts'
import { SECRETS } from '../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../shared/api/object.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { parseMediaType } from '../http/media-type.ts'
import { type Expected, reportFields, type Strictness, unknownField } from '../request/decode-body.ts'
import { duplicateField, MOST_BODY_DEPTH, parseJsonText, type RawBody } from '../request/parse-body.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'
import { rejectedPatch } from './rejected-patch.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

export interface Patch {
  /**
   * The patched object, read by its schema; `object` stays as it is.
   * @throws ApiError where the patch does not fit the object, or the result is no object of the kind
   */
  apply(object: object, strictness: Strictness): KubeObject
}

type Apply = (type: string, object: object, patch: unknown) => unknown

const PATCHES: Readonly<Record<string, Apply>> = {
  'application/json-patch+json': (_type, object, patch) => applyJsonPatch(object, patch),
  'application/merge-patch+json': (_type, object, patch) => applyMergePatch(object, mustBeObject(patch)),
  'application/strategic-merge-patch+json': (type, object, patch) =>
    applyStrategicMergePatch(type, object as Record<string, unknown>, patch),
}

/** @throws ApiError 400 for what is no JSON, 415 for a kind of patch that is not served */
export function readPatch(body: RawBody, expected: Expected): Patch {
  const { type } = parseMediaType(body.contentType ?? '')
  const apply = Object.hasOwn(PATCHES, type) ? PATCHES[type] : undefined
  if (!apply) throw unsupported(type)
  const text = body.bytes.toString()
  const patch = parse(text)
  return {
    apply(object, strictness) {
      const patched = guarded(() => apply(expected.type, object, patch))
      if (!isShallow(patched, MOST_BODY_DEPTH)) throw rejectedPatch('exceeded max depth')
      const { value, unknownFields } = readResult(expected, patched, text)
      const duplicates = strictness.validation === 'Ignore' ? [] : duplicateFields(text).map(duplicateField)
      reportFields([...duplicates, ...unknownFields.map(unknownField)], strictness, (why) =>
        invalidPatch(expected, patched, text, why),
      )
      return { metadata: {}, ...value }
    },
  }
}

/** A patch's operations may, all together, nest deeper than the stack reaches. */
function guarded(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw rejectedPatch(messageOf(error))
  }
}

function readResult(expected: Expected, patched: unknown, text: string): Decoded {
  try {
    return decode(expected.type, patched)
  } catch (error) {
    throw invalidPatch(expected, patched, text, messageOf(error))
  }
}

function parse(text: string): unknown {
  try {
    return parseJsonText(text)
  } catch (error) {
    throw ApiError.badRequest(`error decoding patch: ${(error as Error).message}`)
  }
}

function mustBeObject(patch: unknown): unknown {
  if (isPlainObject(patch)) return patch
  throw ApiError.badRequest('error decoding patch: a merge patch must be an object')
}

const LONGEST_SHOWN = 200

function invalidPatch({ kind, apiVersions, type }: Expected, patched: unknown, text: string, why: string): ApiError {
  const [group = ''] = apiVersions[0].includes('/') ? apiVersions[0].split('/') : ['']
  const metadata = isPlainObject(patched) && isPlainObject(patched.metadata) ? patched.metadata : {}
  const shown = shownPatch(type, text)
  const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`
  return ApiError.invalid({ group, kind, plural: '' }, String(metadata.name ?? ''), [
    { field: 'patch', reason: 'FieldValueInvalid', message },
  ])
}

function shownPatch(type: string, text: string): string {
  if (type === SECRETS.type) return '<secret contents redacted>'
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text
}

function unsupported(type: string): ApiError {
  const accepted = Object.keys(PATCHES).join(', ')
  if (type === 'application/apply-patch+yaml') {
    const message = `server-side apply is not supported yet; the patch types that are: ${accepted}`
    return new ApiError('UnsupportedMediaType', message)
  }
  return new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  )
}
