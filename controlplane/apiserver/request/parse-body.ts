import { ApiError } from '../../../shared/api/api-error.ts'
import { isShallow } from '../../../shared/api/decode-scalar.ts'
import { duplicateFields } from '../../../shared/api/duplicate-fields.ts'
import { decodeEnvelope, decodeMessage } from '../../../shared/api/protobuf.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { parseMediaType } from '../http/media-type.ts'
import { parseYaml } from './parse-yaml.ts'

export interface RawBody {
  readonly bytes: Buffer
  readonly contentType: string | undefined
}

/** A body as JSON, not yet looked into. */
export interface ParsedBody {
  readonly value: unknown
  /** What is said of fields that come twice, of which the last counts. */
  findDuplicates(): string[]
}

/**
 * Reads JSON, which is also what a body without a content type is, YAML or protobuf; the last as a message of `type`,
 * which is the schema's name for what is expected.
 * @throws ApiError 415 for other content types, and any Error for a body that is not what it claims to be
 */
export function parseBody({ bytes, contentType }: RawBody, type: string): ParsedBody {
  const { type: mediaType } = parseMediaType(contentType || 'application/json')
  switch (mediaType) {
    case 'application/json':
      return parseJson(bytes.toString())
    case 'application/yaml':
      return fromYaml(bytes.toString())
    case 'application/vnd.kubernetes.protobuf':
      return parseProtobuf(bytes, type)
    default:
      throw new ApiError(
        'UnsupportedMediaType',
        'the body of the request was in an unknown format - accepted media types include: ' +
          'application/json, application/yaml, application/vnd.kubernetes.protobuf',
      )
  }
}

/**
 * How deep a body may nest: much deeper than any kind does. It has to be seen before anything walks through the body
 * by recursion. A stack that overflows is not always an Error that can be caught: where V8 has to compile a regular
 * expression just then, it ends the process.
 */
export const MOST_BODY_DEPTH = 200

/** @throws Error that does not quote the text: it may be a Secret's */
export function parseJsonText(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(jsonProblem(error))
  }
  if (!isShallow(value, MOST_BODY_DEPTH)) throw new Error('exceeded max depth')
  return value
}

/** What `JSON.parse` complains about, without the piece of the text that it quotes. */
function jsonProblem(error: unknown): string {
  const message = messageOf(error)
  return message.replace(/^(Unexpected token) '.*$/s, '$1').replace(/, .*is not valid JSON$/s, '')
}

function parseJson(text: string): ParsedBody {
  try {
    return { value: parseJsonText(text), findDuplicates: () => duplicateFields(text).map(duplicateField) }
  } catch (error) {
    throw new Error(`couldn't get version/kind; json parse error: ${(error as Error).message}`)
  }
}

function fromYaml(text: string): ParsedBody {
  const { value, duplicates } = parseYaml(text, MOST_BODY_DEPTH)
  return { value, findDuplicates: () => [...duplicates] }
}

export function duplicateField(path: string): string {
  return `duplicate field ${JSON.stringify(path)}`
}

/** The message is read only where it is what is expected: otherwise its bytes mean something else. */
function parseProtobuf(bytes: Buffer, type: string): ParsedBody {
  const { apiVersion, kind, raw } = decodeEnvelope(bytes)
  const isExpected = kind === '' || type.endsWith(`.${kind}`)
  const message = isExpected ? decodeMessage(type, raw) : {}
  return { value: { ...message, apiVersion, kind }, findDuplicates: () => [] }
}
