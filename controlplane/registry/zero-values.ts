import { type FieldSchema, isScalar, type Scalar, typeSchema } from '../../shared/api/schema.ts'

type Json = Record<string, unknown>

/** Go's zero values, as Kubernetes writes them for required fields. The others have none that means anything. */
const ZERO_VALUES: Partial<Record<Scalar, unknown>> = {
  string: '',
  int32: 0,
  int64: 0,
  double: 0,
  bool: false,
  quantity: '0',
  intOrString: 0,
}

/**
 * Gives an object of `type` the required fields that it lacks, and every kind with a spec an empty one, and takes from
 * it optional lists and maps that are empty: Kubernetes writes none, so `env: []` and no `env` are one and the same.
 */
export function normalizeZeroValues(type: string, object: object): void {
  const draft = object as Json
  if (draft.spec === undefined && Object.hasOwn(typeSchema(type), 'spec')) draft.spec = {}
  normalizeStruct(type, draft)
}

function normalizeStruct(type: string, value: Json): void {
  for (const [name, field] of Object.entries(typeSchema(type))) {
    if (value[name] === undefined && field.required) setZero(value, name, field)
    else if (!field.required && isEmpty(field, value[name])) delete value[name]
    if (!isScalar(field.type)) normalizeParts(field, value[name])
  }
}

/** A selector that is not given is none, and not an empty one, which would select everything. */
const LEFT_OUT = 'meta.v1.LabelSelector'

function setZero(value: Json, name: string, field: FieldSchema): void {
  if (field.type === LEFT_OUT) return
  const zero = field.list ? [] : field.map || !isScalar(field.type) ? {} : ZERO_VALUES[field.type]
  if (zero !== undefined) value[name] = zero
}

function isEmpty({ list, map }: FieldSchema, value: unknown): boolean {
  return value !== undefined && Boolean(list || map) && Object.keys(value as object).length === 0
}

function normalizeParts(field: FieldSchema, value: unknown): void {
  if (value === undefined) return
  const parts = field.list || field.map ? Object.values(value as object) : [value]
  for (const part of parts) normalizeStruct(field.type, part as Json)
}
