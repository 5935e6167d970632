import { apiVersionOf, KINDS, type Kind } from '../../../shared/api/kinds.ts'
import {
  type FieldSchema,
  hasTypeSchema,
  isScalar,
  type Scalar,
  type TypeSchema,
  typeSchema,
} from '../../../shared/api/schema.ts'
import { type GroupVersionKind, gvkOf } from '../discovery/resources.ts'
import { METRICS_KINDS, METRICS_TYPES } from '../metrics/metrics-kinds.ts'
import { openApiName } from './type-names.ts'

/** One schema of an OpenAPI document, version 2 or 3. Upstream's descriptions are not there: a megabyte of text. */
export interface OpenApiSchema {
  readonly type?: string
  readonly format?: string
  readonly $ref?: string
  readonly allOf?: readonly OpenApiSchema[]
  readonly oneOf?: readonly OpenApiSchema[]
  readonly items?: OpenApiSchema
  readonly properties?: Readonly<Record<string, OpenApiSchema>>
  readonly additionalProperties?: OpenApiSchema
  readonly required?: readonly string[]
  readonly default?: unknown
  /** Extensions begin with `x-kubernetes-`. */
  readonly [extension: `x-${string}`]: unknown
}

/** How the two versions of OpenAPI differ where we use them. */
export interface Dialect {
  /** What a reference begins with. */
  readonly refPrefix: string
  readonly intOrString: OpenApiSchema
}

export const V2: Dialect = {
  refPrefix: '#/definitions/',
  intOrString: { type: 'string', format: 'int-or-string' },
}

export const V3: Dialect = {
  refPrefix: '#/components/schemas/',
  intOrString: { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
}

/** The schemas of these types of the schema file and of all that they use, by their OpenAPI name, in order. */
export function definitionsOf(types: Iterable<string>, dialect: Dialect): Map<string, OpenApiSchema> {
  const found = new Map<string, OpenApiSchema>()
  const visit = (type: string) => {
    const name = openApiName(type)
    if (found.has(name)) return
    found.set(name, definitionOf(type, dialect))
    for (const field of Object.values(schemaOf(type))) if (!isScalar(field.type)) visit(field.type)
  }
  for (const type of types) visit(type)
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The types that the requests and answers about a kind hold. */
export function typesOf(kind: Kind): string[] {
  return [kind.type, `${kind.type}List`].filter((type) => METRICS_TYPES[type] || hasTypeSchema(type))
}

function schemaOf(type: string): TypeSchema {
  return METRICS_TYPES[type] ?? typeSchema(type)
}

const TYPE_META: Readonly<Record<string, OpenApiSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
}

function definitionOf(type: string, dialect: Dialect): OpenApiSchema {
  const fields = Object.entries(schemaOf(type))
  const kinds = GROUP_VERSION_KINDS.get(type)
  const properties = fields.map(([name, field]) => [name, propertyOf(field, dialect)] as const)
  const required = fields.filter(([, field]) => field.required).map(([name]) => name)
  return {
    type: 'object',
    properties: { ...(kinds ? TYPE_META : {}), ...Object.fromEntries(properties) },
    ...(required.length > 0 ? { required } : {}),
    ...(kinds ? { 'x-kubernetes-group-version-kind': kinds } : {}),
  }
}

function propertyOf(field: FieldSchema, dialect: Dialect): OpenApiSchema {
  const value = schemaOfValue(field.type, dialect, !field.list && !field.map)
  if (field.list) return { type: 'array', items: value, ...listExtensions(field) }
  if (field.map) return { type: 'object', additionalProperties: value, ...mapExtensions(field) }
  return { ...value, ...patchExtensions(field) }
}

/** A reference cannot have neighbours in version 3, so a property wraps it. */
function schemaOfValue(type: string, dialect: Dialect, isProperty: boolean): OpenApiSchema {
  if (isScalar(type)) return type === 'intOrString' ? dialect.intOrString : SCALARS[type]
  const reference = { $ref: dialect.refPrefix + openApiName(type) }
  return isProperty && dialect === V3 ? { allOf: [reference] } : reference
}

const SCALARS: Readonly<Record<Exclude<Scalar, 'intOrString'>, OpenApiSchema>> = {
  string: { type: 'string' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bool: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  quantity: { type: 'string' },
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
  raw: { type: 'object' },
  fieldsV1: { type: 'object' },
  stringList: { type: 'array', items: { type: 'string' } },
}

function listExtensions(field: FieldSchema): OpenApiSchema {
  return {
    ...(field.listType ? { 'x-kubernetes-list-type': field.listType } : {}),
    ...(field.listKeys ? { 'x-kubernetes-list-map-keys': field.listKeys } : {}),
    ...patchExtensions(field),
  }
}

function mapExtensions(field: FieldSchema): OpenApiSchema {
  return { ...(field.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}), ...patchExtensions(field) }
}

function patchExtensions({ patchStrategy, mergeKey }: FieldSchema): OpenApiSchema {
  return {
    ...(patchStrategy ? { 'x-kubernetes-patch-strategy': patchStrategy } : {}),
    ...(mergeKey ? { 'x-kubernetes-patch-merge-key': mergeKey } : {}),
  }
}

/** DeleteOptions exists in every group; the others once. */
const GROUP_VERSION_KINDS: ReadonlyMap<string, readonly GroupVersionKind[]> = new Map<
  string,
  readonly GroupVersionKind[]
>([
  ...[...KINDS, ...METRICS_KINDS].map((kind) => [kind.type, [gvkOf(kind)]] as const),
  ...[...KINDS, ...METRICS_KINDS].map(
    (kind) => [`${kind.type}List`, [{ ...gvkOf(kind), kind: `${kind.kind}List` }]] as const,
  ),
  ['core.v1.Binding', [{ group: '', version: 'v1', kind: 'Binding' }]],
  ['autoscaling.v1.Scale', [{ group: 'autoscaling', version: 'v1', kind: 'Scale' }]],
  ['policy.v1.Eviction', [{ group: 'policy', version: 'v1', kind: 'Eviction' }]],
  ['meta.v1.Status', [{ group: '', version: 'v1', kind: 'Status' }]],
  [
    'meta.v1.DeleteOptions',
    [...new Set(KINDS.map(apiVersionOf))].map((name) => {
      const [version = '', group = ''] = name.split('/').reverse()
      return { group, version, kind: 'DeleteOptions' }
    }),
  ],
])
