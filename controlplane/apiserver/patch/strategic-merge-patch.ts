import { ApiError } from '../../../shared/api/api-error.ts'
import { isPlainObject } from '../../../shared/api/decode-scalar.ts'
import { type FieldSchema, isScalar, typeSchema } from '../../../shared/api/schema.ts'
import { orderElements } from './element-order.ts'
import { type Directives, type Json, readDirectives, withoutDirectives } from './patch-directives.ts'

/**
 * Kubernetes' strategic merge: like a merge patch, but lists whose schema says so are merged item by item, found by
 * their merge key, and directives (`$patch`, `$retainKeys`, `$setElementOrder/...`, `$deleteFromPrimitiveList/...`)
 * say what merging cannot. `type` is the object's in the schema. Neither argument is changed.
 * @throws ApiError 400 for a malformed patch
 */
export function applyStrategicMergePatch(type: string, current: Json, patch: unknown): Json {
  if (!isPlainObject(patch)) throw ApiError.badRequest('invalid strategic merge patch: it must be an object')
  return mergeObject(type, current, patch)
}

/** `type` is undefined for a map and for what the schema does not know. */
function mergeObject(type: string | undefined, current: Json, patch: Json): Json {
  const directives = readDirectives(patch)
  if (directives.directive === 'delete') return {}
  if (directives.directive === 'replace') return withoutDirectives(Object.fromEntries(directives.values)) as Json
  const merged = new Map(Object.entries(current))
  retainKeys(merged, directives)
  for (const name of fieldsOf(directives)) mergeField(merged, name, fieldSchema(type, name), directives)
  return Object.fromEntries(merged)
}

function retainKeys(merged: Map<string, unknown>, { retainKeys }: Directives): void {
  if (!retainKeys) return
  for (const name of [...merged.keys()]) if (!retainKeys.includes(name)) merged.delete(name)
}

function fieldsOf({ values, elementOrder, primitiveDeletions }: Directives): Set<string> {
  return new Set([...values.keys(), ...elementOrder.keys(), ...primitiveDeletions.keys()])
}

function fieldSchema(type: string | undefined, name: string): FieldSchema | undefined {
  const schema = type === undefined ? {} : typeSchema(type)
  return Object.hasOwn(schema, name) ? schema[name] : undefined
}

function mergeField(
  merged: Map<string, unknown>,
  name: string,
  schema: FieldSchema | undefined,
  directives: Directives,
): void {
  const current = merged.get(name)
  const value = directives.values.get(name)
  if (value === null) {
    merged.delete(name)
  } else if (isMergedList(schema) && (value === undefined || Array.isArray(value))) {
    const list = mergeList(name, schema, Array.isArray(current) ? current : [], value ?? [], directives)
    if (list.length > 0 || value !== undefined || current !== undefined) merged.set(name, list)
  } else if (isPlainObject(value) && isPlainObject(current) && schema?.patchStrategy !== 'replace') {
    merged.set(name, mergeObject(innerType(schema), current, value))
  } else if (value !== undefined) {
    merged.set(name, isPlainObject(value) ? mergeObject(innerType(schema), {}, value) : withoutDirectives(value))
  }
}

/** The type of an object in this field; a map of objects merges by key, without types below, as upstream does. */
function innerType(schema: FieldSchema | undefined): string | undefined {
  return schema && !schema.map && !schema.list && !isScalar(schema.type) ? schema.type : undefined
}

function isMergedList(schema: FieldSchema | undefined): schema is FieldSchema {
  return schema?.list === true && (schema.patchStrategy ?? '').split(',').includes('merge')
}

function mergeList(
  name: string,
  schema: FieldSchema,
  current: readonly unknown[],
  patch: readonly unknown[],
  directives: Directives,
): unknown[] {
  const { mergeKey, type } = schema
  const order = directives.elementOrder.get(name)
  if (mergeKey === undefined || isScalar(type)) {
    const deleted = directives.primitiveDeletions.get(name) ?? []
    const kept = current.filter((item) => !deleted.includes(item))
    const merged = [...kept, ...new Set(patch.filter((item) => !kept.includes(item)))]
    return orderElements(merged, current, order ?? patch, String)
  }
  const identify = (item: unknown) => String(mergeKeyOf(name, mergeKey, item))
  const merged = mergeItems(type, current, patch, identify)
  return orderElements(merged, current, order ?? patch.filter(isPlainItem), identify)
}

function isPlainItem(item: unknown): boolean {
  return readDirectives(asObject(item)).directive === undefined
}

function mergeItems(
  type: string,
  current: readonly unknown[],
  patch: readonly unknown[],
  identify: (item: unknown) => string,
): unknown[] {
  const parts = patch.map((item) => ({ item, ...readDirectives(asObject(item)) }))
  if (parts.some(({ directive }) => directive === 'replace')) {
    return parts.filter(({ directive }) => directive === undefined).map(({ item }) => withoutDirectives(item))
  }
  const deleted = new Set(parts.filter(({ directive }) => directive === 'delete').map(({ item }) => identify(item)))
  const merged = current.filter((item) => !deleted.has(identify(item)))
  // Keys may repeat (a port over TCP and UDP): the first counts.
  const places = new Map(merged.map((item, index) => [identify(item), index] as const).reverse())
  for (const { item, directive } of parts) {
    if (directive === 'delete') continue
    const key = identify(item)
    const place = places.get(key) ?? merged.length
    places.set(key, place)
    merged[place] = mergeObject(type, asObject(merged[place] ?? {}), asObject(item))
  }
  return merged
}

function asObject(item: unknown): Json {
  if (isPlainObject(item)) return item
  throw ApiError.badRequest('invalid strategic merge patch: an item of a merged list must be an object')
}

function mergeKeyOf(name: string, mergeKey: string, item: unknown): unknown {
  const object = asObject(item)
  if (Object.hasOwn(object, mergeKey)) return object[mergeKey]
  const shown = JSON.stringify(item).slice(0, 200)
  throw ApiError.badRequest(`map: ${shown} does not contain declared merge key: ${mergeKey} (in ${name})`)
}
