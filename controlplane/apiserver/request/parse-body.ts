import { ApiError } from '../../../shared/api/api-error.ts'
import { duplicateFields } from '../../../shared/api/duplicate-fields.ts'
import { decodeEnvelope, decodeMessage } from '../../../shared/api/protobuf.ts'
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

function parseJson(text: string): ParsedBody {
  try {
    return { value: JSON.parse(text), findDuplicates: () => duplicateFields(text).map(duplicateField) }
  } catch (error) {
    throw new Error(`couldn't get version/kind; json parse error: ${jsonProblem(error)}`)
  }
}

function fromYaml(text: string): ParsedBody {
  const { value, duplicates } = parseYaml(text)
  return { value, findDuplicates: () => [...duplicates] }
}

/** What `JSON.parse` complains about, without the piece of the text that it quotes: it may be a Secret's. */
export function jsonProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^(Unexpected token) '.*$/s, '$1').replace(/, .*is not valid JSON$/s, '')
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
