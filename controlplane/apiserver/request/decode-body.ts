import { LineCounter, parseDocument } from 'yaml'
import { ApiError } from '../../../shared/api/api-error.ts'
import { decode } from '../../../shared/api/decode.ts'
import { isPlainObject } from '../../../shared/api/decode-scalar.ts'
import { duplicateFields } from '../../../shared/api/duplicate-fields.ts'
import { decodeEnvelope, decodeMessage, type Envelope } from '../../../shared/api/protobuf.ts'
import { parseMediaType } from '../http/media-type.ts'
import type { FieldValidation } from './write-query.ts'

type Json = Record<string, unknown>

export interface RawBody {
  readonly bytes: Buffer
  readonly contentType: string | undefined
}

/** What a body must be. */
export interface Expected {
  readonly apiVersions: readonly [string, ...string[]]
  readonly kind: string
  /** In the schema. */
  readonly type: string
}

export interface Strictness {
  readonly validation: FieldValidation
  readonly warn: (message: string) => void
}

const MOST_YAML_ALIASES = 100

/**
 * Reads an object from JSON, YAML or protobuf. `apiVersion` and `kind` may be missing and are then filled in; where
 * present they must be the expected ones.
 * @throws ApiError 400 for what cannot be read or is something else, 415 for another content type
 */
export function decodeBody(body: RawBody, expected: Expected, strictness: Strictness): Json {
  const parsed = parseBody(body, expected)
  checkTypeMeta(parsed.value, expected)
  const decoded = decodeAs(expected, () => decode(expected.type, parsed.value))
  const problems = [
    ...(strictness.validation === 'Ignore' ? [] : parsed.findDuplicates()),
    ...decoded.unknownFields.map(unknownField),
  ]
  if (problems.length > 0) {
    reportFields(problems, strictness, (message) => ApiError.badRequest(`${title(expected)}: ${message}`))
  }
  return { ...decoded.value, kind: expected.kind, apiVersion: decoded.value.apiVersion || expected.apiVersions[0] }
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
  if (validation === 'Strict') throw refusal(`strict decoding error: ${problems.join(', ')}`)
  if (validation === 'Warn') for (const problem of problems) warn(problem)
}

interface Parsed {
  readonly value: unknown
  readonly findDuplicates: () => string[]
}

function parseBody(body: RawBody, expected: Expected): Parsed {
  const { type } = parseMediaType(body.contentType ?? 'application/json')
  switch (type) {
    case 'application/json':
      return parseJson(body.bytes, expected)
    case 'application/yaml':
      return parseYaml(body.bytes)
    case 'application/vnd.kubernetes.protobuf':
      return { value: parseProtobuf(body.bytes, expected), findDuplicates: () => [] }
    default:
      throw new ApiError(
        'UnsupportedMediaType',
        'the body of the request was in an unknown format - accepted media types include: ' +
          'application/json, application/yaml, application/vnd.kubernetes.protobuf',
      )
  }
}

function parseJson(bytes: Buffer, expected: Expected): Parsed {
  const text = bytes.toString()
  try {
    return { value: JSON.parse(text), findDuplicates: () => duplicateFields(text).map(duplicateField) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw ApiError.badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): couldn't get version/kind; json parse error: ${why}`,
    )
  }
}

function duplicateField(path: string): string {
  return `duplicate field ${JSON.stringify(path)}`
}

/** YAML 1.1, as Kubernetes reads it, without its times and base-60 numbers, which Kubernetes' JSON does not know. */
function parseYaml(bytes: Buffer): Parsed {
  const duplicates: string[] = []
  const document = parseDocument(bytes.toString(), {
    version: '1.1',
    lineCounter: new LineCounter(),
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || isJsonTag(tag)),
    uniqueKeys: (a, b) => {
      if (String(a) === String(b)) duplicates.push(`key ${JSON.stringify(String(a))} already set in map`)
      return false
    },
  })
  const error = document.errors[0]
  if (error) throw ApiError.badRequest(`error converting YAML to JSON: ${error.message}`)
  try {
    return { value: document.toJS({ maxAliasCount: MOST_YAML_ALIASES }), findDuplicates: () => duplicates }
  } catch (error) {
    throw ApiError.badRequest(`error converting YAML to JSON: ${error instanceof Error ? error.message : error}`)
  }
}

const FOREIGN_TAGS = ['binary', 'omap', 'pairs', 'set', 'timestamp'].map((name) => `tag:yaml.org,2002:${name}`)

function isJsonTag(tag: { tag: string; format?: string }): boolean {
  return !FOREIGN_TAGS.includes(tag.tag) && tag.format !== 'TIME'
}

function parseProtobuf(bytes: Buffer, expected: Expected): Json {
  return decodeAs(expected, () => {
    const envelope: Envelope = decodeEnvelope(bytes)
    const { apiVersion, kind } = envelope
    checkTypeMeta({ ...(apiVersion ? { apiVersion } : {}), ...(kind ? { kind } : {}) }, expected)
    return { ...decodeMessage(expected.type, envelope.raw), ...(apiVersion ? { apiVersion } : {}) }
  })
}

function checkTypeMeta(value: unknown, expected: Expected): void {
  if (!isPlainObject(value)) throw ApiError.badRequest(`${title(expected)}: the body must be an object`)
  const { apiVersion, kind } = value
  if (kind !== undefined && kind !== null && kind !== '' && kind !== expected.kind) {
    const version = JSON.stringify(apiVersion ?? expected.apiVersions[0])
    throw ApiError.badRequest(`${kind} in version ${version} cannot be handled as a ${expected.kind}`)
  }
  if (apiVersion && !expected.apiVersions.some((known) => known === apiVersion)) {
    throw ApiError.badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected.apiVersions[0]})`,
    )
  }
}

function decodeAs<T>(expected: Expected, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw ApiError.badRequest(`${title(expected)}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function title({ kind, apiVersions: [apiVersion] }: Expected): string {
  const version = apiVersion.split('/').at(-1)
  return `${kind} in version "${version}" cannot be handled as a ${kind}`
}
