import { ApiError } from '../../../shared/api/api-error.ts'
import { type Decoded, decode } from '../../../shared/api/decode.ts'
import { isPlainObject } from '../../../shared/api/decode-scalar.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { type ParsedBody, parseBody, type RawBody } from './parse-body.ts'
import type { FieldValidation } from './write-query.ts'

/** What a body must be. */
export interface Expected {
  /** The first is the one that is meant where none is given. */
  readonly apiVersions: readonly [string, ...string[]]
  readonly kind: string
  /** In the schema. */
  readonly type: string
}

/** What happens to fields that the schema does not know or that come twice. */
export interface Strictness {
  readonly validation: FieldValidation
  readonly warn: (message: string) => void
}

/**
 * Reads an object from JSON, YAML or protobuf. `apiVersion` and `kind` may be missing and are then filled in; where
 * present they must be the expected ones.
 * @throws ApiError 400 for what cannot be read or is something else, 415 for another content type
 */
export function decodeBody(body: RawBody, expected: Expected, strictness: Strictness): Record<string, unknown> {
  const { parsed, decoded } = read(body, expected)
  const { value, unknownFields } = decoded
  const problems = strictness.validation === 'Ignore' ? [] : parsed.findDuplicates()
  reportFields([...problems, ...unknownFields.map(unknownField)], strictness, (why) =>
    ApiError.badRequest(`${title(expected)}: ${why}`),
  )
  return { ...value, kind: expected.kind, apiVersion: value.apiVersion || expected.apiVersions[0] }
}

export function unknownField(path: string): string {
  return `unknown field ${JSON.stringify(path)}`
}

/** Refuses, warns of or passes over fields that the schema does not know or that come twice. */
export function reportFields(
  problems: readonly string[],
  { validation, warn }: Strictness,
  refusal: (message: string) => ApiError,
): void {
  if (problems.length === 0) return
  if (validation === 'Strict') throw refusal(`strict decoding error: ${problems.join(', ')}`)
  if (validation === 'Warn') for (const problem of problems) warn(problem)
}

/** Whatever goes wrong in here (too deep a nesting included) is wrong with the body. */
function read(body: RawBody, expected: Expected): { parsed: ParsedBody; decoded: Decoded } {
  try {
    const parsed = parseBody(body, expected.type)
    checkTypeMeta(parsed.value, expected)
    return { parsed, decoded: decode(expected.type, parsed.value) }
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw ApiError.badRequest(`${title(expected)}: ${messageOf(error)}`)
  }
}

function checkTypeMeta(value: unknown, expected: Expected): void {
  if (!isPlainObject(value)) throw new Error('the body must be an object')
  const { apiVersion, kind } = value
  if (kind && kind !== expected.kind) {
    const version = JSON.stringify(apiVersion || expected.apiVersions[0])
    throw ApiError.badRequest(`${kind} in version ${version} cannot be handled as a ${expected.kind}`)
  }
  if (apiVersion && !expected.apiVersions.some((known) => known === apiVersion)) {
    throw ApiError.badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected.apiVersions[0]})`,
    )
  }
}

function title({ kind, apiVersions: [apiVersion] }: Expected): string {
  const version = apiVersion.split('/').at(-1)
  return `${kind} in version "${version}" cannot be handled as a ${kind}`
}
