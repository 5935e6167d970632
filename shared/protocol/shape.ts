import { type FieldSchema, isScalar, type Scalar, typeSchema } from '../api/schema.ts'

/** Says what is wrong with a value found at `path`; nothing where all is well. Never throws. */
export type Shape = (value: unknown, path: string) => string | undefined

export const text: Shape = (value, path) => (typeof value === 'string' ? undefined : `${path} is not a string`)

export const nonEmptyText: Shape = (value, path) =>
  typeof value === 'string' && value !== '' ? undefined : `${path} is not a string with content`

export const flag: Shape = (value, path) => (typeof value === 'boolean' ? undefined : `${path} is not a boolean`)

/** A whole number from `min` to `max`. */
export function whole(min = 0, max = Number.MAX_SAFE_INTEGER): Shape {
  return (value, path) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `${path} is not a whole number from ${min} to ${max}`
}

export function oneOf(...values: readonly string[]): Shape {
  return (value, path) =>
    typeof value === 'string' && values.includes(value) ? undefined : `${path} is not one of ${values.join(', ')}`
}

export function optional(shape: Shape): Shape {
  return (value, path) => (value === undefined ? undefined : shape(value, path))
}

export function listOf(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is not a list`
    return firstWrong(value.entries(), (index, item) => shape(item, `${path}[${index}]`))
  }
}

export function mapOf(shape: Shape): Shape {
  return (value, path) => {
    if (!isRecord(value)) return `${path} is not an object`
    return firstWrong(Object.entries(value), (key, item) => shape(item, `${path}.${key}`))
  }
}

/** An object whose own fields have these shapes. Others are let through: a newer peer may send more. */
export function fields(shapes: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(shapes)
  return (value, path) => {
    if (!isRecord(value)) return `${path} is not an object`
    return firstWrong(entries, (name, shape) => shape(ownField(value, name), join(path, name)))
  }
}

export function both(first: Shape, second: Shape): Shape {
  return (value, path) => first(value, path) ?? second(value, path)
}

/** A type of the Kubernetes API, all the way down. An optional field may be null, as Go's encoder leaves it. */
export function apiType(type: string): Shape {
  return (value, path) => {
    if (!isRecord(value)) return `${path} is not an object`
    return firstWrong(Object.entries(typeSchema(type)), (name, field) => {
      const found = ownField(value, name)
      if (found === undefined || found === null) return field.required ? `${join(path, name)} is missing` : undefined
      return apiField(field)(found, join(path, name))
    })
  }
}

function apiField(field: FieldSchema): Shape {
  const item = isScalar(field.type) ? SCALARS[field.type] : apiType(field.type)
  if (field.list) return listOf(item)
  return field.map ? mapOf(item) : item
}

const numeric: Shape = (value, path) => (typeof value === 'number' ? undefined : `${path} is not a number`)
const anything: Shape = () => undefined
const textOrNumber: Shape = (value, path) =>
  typeof value === 'string' || typeof value === 'number' ? undefined : `${path} is neither string nor number`

const SCALARS: Readonly<Record<Scalar, Shape>> = {
  string: text,
  int32: whole(-(2 ** 31), 2 ** 31 - 1),
  int64: whole(Number.MIN_SAFE_INTEGER),
  double: numeric,
  bool: flag,
  bytes: text,
  quantity: textOrNumber,
  intOrString: textOrNumber,
  time: text,
  microTime: text,
  raw: anything,
  fieldsV1: anything,
  stringList: listOf(text),
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Only what the value has itself: a key such as `constructor` or `__proto__` finds nothing inherited. */
export function ownField(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined
}

function join(path: string, name: string): string {
  return path ? `${path}.${name}` : name
}

function firstWrong<K, V>(entries: Iterable<[K, V]>, check: (key: K, value: V) => string | undefined) {
  for (const [key, value] of entries) {
    const wrong = check(key, value)
    if (wrong) return wrong
  }
  return undefined
}
