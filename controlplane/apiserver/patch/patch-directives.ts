import { ApiError } from '../../../shared/api/api-error.ts'
import { isPlainObject } from '../../../shared/api/decode-scalar.ts'

export type Json = Record<string, unknown>

const DIRECTIVE = '$patch'
const RETAIN_KEYS = '$retainKeys'
const ELEMENT_ORDER = '$setElementOrder/'
const PRIMITIVE_DELETIONS = '$deleteFromPrimitiveList/'

/** What a strategic merge patch says of one object besides the values themselves. */
export interface Directives {
  readonly directive?: 'merge' | 'replace' | 'delete'
  readonly retainKeys?: readonly string[]
  /** By field: the keys (or values) of a merged list's items in the order that the list shall have. */
  readonly elementOrder: ReadonlyMap<string, readonly unknown[]>
  readonly primitiveDeletions: ReadonlyMap<string, readonly unknown[]>
  /** The patch without all these. */
  readonly values: ReadonlyMap<string, unknown>
}

/** Takes the directives out of one object of a patch. @throws ApiError 400 for malformed ones */
export function readDirectives(patch: Json): Directives {
  const elementOrder = new Map<string, readonly unknown[]>()
  const primitiveDeletions = new Map<string, readonly unknown[]>()
  const values = new Map<string, unknown>()
  for (const [name, value] of Object.entries(patch)) {
    if (name === DIRECTIVE || name === RETAIN_KEYS) continue
    if (name.startsWith(ELEMENT_ORDER)) elementOrder.set(name.slice(ELEMENT_ORDER.length), list(name, value))
    else if (name.startsWith(PRIMITIVE_DELETIONS)) {
      primitiveDeletions.set(name.slice(PRIMITIVE_DELETIONS.length), list(name, value))
    } else values.set(name, value)
  }
  return {
    ...readDirective(patch),
    ...readRetainKeys(patch, values),
    elementOrder,
    primitiveDeletions,
    values,
  }
}

function readDirective(patch: Json): Pick<Directives, 'directive'> {
  if (!Object.hasOwn(patch, DIRECTIVE)) return {}
  const directive = patch[DIRECTIVE]
  if (directive !== 'merge' && directive !== 'replace' && directive !== 'delete') {
    // Which one is not told: among a Secret's data it may be a value.
    throw ApiError.badRequest(`invalid strategic merge patch: unknown ${DIRECTIVE}: use merge, replace or delete`)
  }
  return { directive }
}

function readRetainKeys(patch: Json, values: ReadonlyMap<string, unknown>): Pick<Directives, 'retainKeys'> {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return {}
  const retainKeys = list(RETAIN_KEYS, patch[RETAIN_KEYS]).map(String)
  const stray = [...values].find(([name, value]) => value !== null && !retainKeys.includes(name))
  if (stray) throw ApiError.badRequest(`invalid strategic merge patch: ${RETAIN_KEYS} leaves out ${stray[0]}`)
  return { retainKeys }
}

function list(name: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  throw ApiError.badRequest(`invalid strategic merge patch: ${name} must be a list`)
}

/** A value that nothing stands against: its directives and nulls have done their work. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !(isPlainObject(item) && Object.hasOwn(item, DIRECTIVE))).map(withoutDirectives)
  }
  if (!isPlainObject(value)) return value
  const { values } = readDirectives(value)
  const kept = [...values].filter(([, inner]) => inner !== null)
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutDirectives(inner)]))
}
