import { illegalBase64At, isPlainObject, SCALAR_RULES } from './decode-scalar.ts'
import { type FieldSchema, isScalar, typeSchema } from './schema.ts'

type Json = Record<string, unknown>

/**
 * A value that its type does not allow; the message names the path, what was expected and what was found. The found
 * value itself is told only where it stands for a number or the like: anything else may be a secret.
 */
export class DecodeError extends Error {
  constructor(path: string, expected: string, found: unknown, inWords = describe(found, false)) {
    super(`${path || 'the object'}: expected ${expected}, found ${inWords}`)
    this.name = 'DecodeError'
  }
}

export interface Decoded {
  /** A new value that holds only what the schema knows, in normal form; nulls are gone. */
  readonly value: Json
  /** Paths such as `spec.containers[0].imagee` of fields that were left out, in the order of the input; 100 at most. */
  readonly unknownFields: readonly string[]
}

const MOST_UNKNOWN_FIELDS = 100

/**
 * Reads untrusted JSON as a type of the schema such as `core.v1.Pod`. Works for anything `JSON.parse` returns:
 * names like `__proto__` are ordinary data. `apiVersion` and `kind` of the outermost object pass through.
 * @throws DecodeError at the first value of a wrong type
 */
export function decode(type: string, input: unknown): Decoded {
  if (!isPlainObject(input)) throw new DecodeError('', 'an object', input)
  const { apiVersion, kind, ...rest } = input
  const unknownFields: string[] = []
  const typeMeta = Object.entries({ apiVersion, kind }).filter(([, value]) => value !== undefined && value !== null)
  for (const [name, value] of typeMeta) checkScalar(name, 'string', value)
  const value = decodeStruct('', type, rest, unknownFields)
  return { value: { ...Object.fromEntries(typeMeta), ...value }, unknownFields }
}

function decodeStruct(path: string, type: string, input: unknown, unknownFields: string[]): Json {
  if (!isPlainObject(input)) throw new DecodeError(path, 'an object', input)
  const schema = typeSchema(type)
  const fields: [string, unknown][] = []
  for (const [name, value] of Object.entries(input)) {
    const field = Object.hasOwn(schema, name) ? schema[name] : undefined
    const fieldPath = path ? `${path}.${name}` : name
    if (!field) {
      if (unknownFields.length < MOST_UNKNOWN_FIELDS) unknownFields.push(fieldPath)
    } else if (value !== null && value !== undefined) {
      fields.push([name, decodeField(fieldPath, field, value, unknownFields)])
    }
  }
  return Object.fromEntries(fields)
}

function decodeField(path: string, field: FieldSchema, input: unknown, unknownFields: string[]): unknown {
  const one = (itemPath: string, item: unknown) => decodeOne(itemPath, field.type, item, unknownFields)
  if (field.list) {
    if (!Array.isArray(input)) throw new DecodeError(path, 'a list', input)
    return input.map((item, index) => one(`${path}[${index}]`, item))
  }
  if (field.map) {
    if (!isPlainObject(input)) throw new DecodeError(path, 'a map', input)
    return Object.fromEntries(Object.entries(input).map(([key, item]) => [key, mapValue(field, item, one, path, key)]))
  }
  return one(path, input)
}

/** Go reads null in a map as the zero value: `data: {a: null}` is an empty string. */
function mapValue(
  field: FieldSchema,
  item: unknown,
  one: (path: string, item: unknown) => unknown,
  path: string,
  key: string,
): unknown {
  if (item === null && (field.type === 'string' || field.type === 'bytes')) return ''
  return one(`${path}.${key}`, item)
}

function decodeOne(path: string, type: string, input: unknown, unknownFields: string[]): unknown {
  return isScalar(type) ? checkScalar(path, type, input) : decodeStruct(path, type, input, unknownFields)
}

function checkScalar(path: string, type: keyof typeof SCALAR_RULES, input: unknown): unknown {
  const rule = SCALAR_RULES[type]
  const value = rule.accept(input)
  if (value === undefined) throw new DecodeError(path, rule.expected, input, describeScalar(type, input))
  return value
}

function describeScalar(type: string, input: unknown): string {
  if (type !== 'bytes' || typeof input !== 'string') return describe(input, !MAY_BE_SECRET.has(type))
  return `illegal base64 data at input byte ${illegalBase64At(input)}`
}

const MAY_BE_SECRET: ReadonlySet<string> = new Set(['string', 'bytes', 'stringList', 'raw', 'fieldsV1'])
const LONGEST_SHOWN = 50

function describe(value: unknown, mayBeShown: boolean): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (!mayBeShown) return `a ${typeof value}`
  const text = JSON.stringify(value)
  const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text
  return `the ${typeof value} ${shown}`
}
