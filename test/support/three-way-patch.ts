import { isDeepStrictEqual } from 'node:util'
import { type FieldSchema, isScalar, typeSchema } from '../../shared/api/schema.ts'

type Json = Record<string, unknown>

/**
 * The strategic merge patch that `kubectl apply` sends: what `modified` has and `current` has not, and the removal of
 * what `original` (applied last time) had and `modified` has no more. `type` is undefined for a map.
 */
export function threeWayPatch(type: string | undefined, original: Json, modified: Json, current: Json): Json {
  const patch: Json = {}
  for (const [name, wanted] of Object.entries(modified)) {
    const schema = type === undefined ? undefined : typeSchema(type)[name]
    const [before, now] = [original[name], current[name]]
    if (isMergedList(schema)) Object.assign(patch, listPatch(name, schema, list(before), list(wanted), list(now)))
    else if (isObject(wanted) && isObject(now)) {
      const inner = threeWayPatch(innerType(schema), isObject(before) ? before : {}, wanted, now)
      if (Object.keys(inner).length > 0) patch[name] = inner
    } else if (!isDeepStrictEqual(wanted, now)) patch[name] = wanted
  }
  for (const name of Object.keys(original)) if (!(name in modified)) patch[name] = null
  return patch
}

function listPatch(
  name: string,
  schema: FieldSchema,
  original: unknown[],
  modified: unknown[],
  current: unknown[],
): Json {
  const key = schema.mergeKey
  const identify = (item: unknown) => (key === undefined ? item : (item as Json)[key])
  const find = (items: unknown[], item: unknown) => items.find((other) => identify(other) === identify(item))
  const changed = modified.flatMap((item) => {
    const now = find(current, item)
    if (key === undefined) return now === undefined ? [item] : []
    if (now === undefined) return [item]
    const before = (find(original, item) ?? {}) as Json
    const inner = threeWayPatch(schema.type, before, item as Json, now as Json)
    return Object.keys(inner).length > 0 ? [{ ...inner, [key]: identify(item) }] : []
  })
  const removed = original.filter((item) => find(modified, item) === undefined)
  const deletions = key === undefined ? [] : removed.map((item) => ({ $patch: 'delete', [key]: identify(item) }))
  const shared = current.filter((item) => find(modified, item) !== undefined)
  const isInOrder = isDeepStrictEqual(modified.map(identify), shared.map(identify))
  if (changed.length === 0 && removed.length === 0 && isInOrder) return {}
  return {
    [`$setElementOrder/${name}`]: key === undefined ? modified : modified.map((item) => ({ [key]: identify(item) })),
    ...(changed.length + deletions.length > 0 ? { [name]: [...changed, ...deletions] } : {}),
    ...(key === undefined && removed.length > 0 ? { [`$deleteFromPrimitiveList/${name}`]: removed } : {}),
  }
}

function isMergedList(schema: FieldSchema | undefined): schema is FieldSchema {
  return schema?.list === true && (schema.patchStrategy ?? '').includes('merge')
}

function innerType(schema: FieldSchema | undefined): string | undefined {
  return schema && !schema.map && !isScalar(schema.type) ? schema.type : undefined
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
