import { parseDocument } from 'yaml'
import { ApiError } from '../../../shared/api/api-error.ts'
import { duplicateFields } from '../../../shared/api/duplicate-fields.ts'
import { decodeEnvelope, decodeMessage } from '../../../shared/api/protobuf.ts'
import { parseMediaType } from '../http/media-type.ts'

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
      return parseYaml(bytes.toString())
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
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`couldn't get version/kind; json parse error: ${why}`)
  }
}

export function duplicateField(path: string): string {
  return `duplicate field ${JSON.stringify(path)}`
}

const MOST_YAML_ALIASES = 100

/** YAML 1.1, as Kubernetes reads it, without its times and base-60 numbers, which Kubernetes' JSON does not know. */
function parseYaml(text: string): ParsedBody {
  const duplicates: string[] = []
  const document = parseDocument(text, {
    version: '1.1',
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || isJsonTag(tag)),
    uniqueKeys: (a, b) => {
      if (String(a) === String(b)) duplicates.push(`key ${JSON.stringify(String(a))} already set in map`)
      return false
    },
  })
  const error = document.errors[0]
  if (error) throw new Error(`error converting YAML to JSON: ${error.message}`)
  return { value: document.toJS({ maxAliasCount: MOST_YAML_ALIASES }), findDuplicates: () => duplicates }
}

const FOREIGN_TAGS = ['binary', 'omap', 'pairs', 'set', 'timestamp'].map((name) => `tag:yaml.org,2002:${name}`)

function isJsonTag(tag: { tag: string; format?: string }): boolean {
  return !FOREIGN_TAGS.includes(tag.tag) && tag.format !== 'TIME'
}

/** The message is read only where it is what is expected: otherwise its bytes mean something else. */
function parseProtobuf(bytes: Buffer, type: string): ParsedBody {
  const { apiVersion, kind, raw } = decodeEnvelope(bytes)
  const isExpected = kind === '' || type.endsWith(`.${kind}`)
  const message = isExpected ? decodeMessage(type, raw) : {}
  return { value: { ...message, apiVersion, kind }, findDuplicates: () => [] }
}
