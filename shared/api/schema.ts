import source from './schema.json' with { type: 'json' }

export type Scalar =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bool'
  | 'bytes' // base64 in JSON
  | 'quantity'
  | 'intOrString'
  | 'time' // RFC 3339, seconds
  | 'microTime' // RFC 3339, microseconds
  | 'raw' // any JSON object
  | 'fieldsV1'
  | 'stringList'

/** One field of an API type. Source: the Kubernetes API, release 1.36. */
export interface FieldSchema {
  /** The protobuf field number; a path where Go embeds the struct that holds the field. */
  readonly number: number | readonly number[]
  /** A scalar, or the name of another type in the schema (`core.v1.Container`). */
  readonly type: Scalar | (string & {})
  readonly list?: true
  /** A map from string to `type`. */
  readonly map?: true
  readonly required?: true
  /** A scalar that Go keeps behind a pointer: its zero value says something else than its absence. */
  readonly pointer?: true
  /** For strategic merge: `merge`, `replace`, `retainKeys`, or a comma-separated pair. */
  readonly patchStrategy?: string
  readonly mergeKey?: string
  /** For server-side apply. */
  readonly listType?: 'atomic' | 'set' | 'map'
  readonly listKeys?: readonly string[]
  readonly atomic?: true
}

export type TypeSchema = Readonly<Record<string, FieldSchema>>

const types = source as unknown as Readonly<Record<string, TypeSchema>>
const SCALARS: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'int32',
  'int64',
  'double',
  'bool',
  'bytes',
  'quantity',
  'intOrString',
  'time',
  'microTime',
  'raw',
  'fieldsV1',
  'stringList',
])

export function isScalar(type: string): type is Scalar {
  return SCALARS.has(type)
}

/** The fields of a type, such as `core.v1.PodSpec`, without `apiVersion` and `kind`. Throws on an unknown name. */
export function typeSchema(type: string): TypeSchema {
  const schema = types[type]
  if (!schema) throw new Error(`no schema for type ${type}`)
  return schema
}

export function hasTypeSchema(type: string): boolean {
  return Object.hasOwn(types, type)
}
