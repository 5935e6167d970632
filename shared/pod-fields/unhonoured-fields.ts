import type { PodSpec } from '../api/generated/core-v1.ts'
import { hasTypeSchema, typeSchema } from '../api/schema.ts'
import type { FieldSupport } from './field-support.ts'
import { POD_FIELD_SUPPORT } from './pod-field-support.ts'

/** A field that a Pod's spec sets and this version does not honour. */
export interface UnhonouredField {
  state: 'refused' | 'warned'
  /** Such as `spec.volumes[0].nfs`. */
  path: string
  reason: string
}

/** All that the spec asks for in vain, in the order of the schema. `path` is where the spec is. */
export function unhonouredFields(spec: PodSpec, path: string): UnhonouredField[] {
  const found: UnhonouredField[] = []
  visit('core.v1.PodSpec', spec, path, found)
  return found
}

function visit(type: string, value: object, path: string, found: UnhonouredField[]): void {
  for (const [field, support, inner] of checksOf(type)) {
    const held = (value as Record<string, unknown>)[field]
    if (held === undefined || held === null) continue
    const at = `${path}.${field}`
    if (support && support.state !== 'honoured' && support.isAskedFor(held)) {
      found.push({ state: support.state, path: at, reason: support.reason })
    } else if (inner) visitHeld(inner, held, at, found)
  }
}

function visitHeld(type: string, held: unknown, path: string, found: UnhonouredField[]): void {
  if (!Array.isArray(held)) visit(type, held as object, path, found)
  else for (const [index, item] of held.entries()) visit(type, item, `${path}[${index}]`, found)
}

type FieldCheck = readonly [field: string, support: FieldSupport | undefined, inner: string | undefined]

const checks = new Map<string, readonly FieldCheck[]>()

/** The fields of a type at which there is anything to look at: their own support, or what they hold. */
function checksOf(type: string): readonly FieldCheck[] {
  const known = checks.get(type)
  if (known) return known
  const support = POD_FIELD_SUPPORT[type] ?? {}
  const made = Object.entries(typeSchema(type)).flatMap(([field, schema]): FieldCheck[] => {
    const inner = hasChecks(schema.type) ? schema.type : undefined
    return inner || isExceptional(support[field]) ? [[field, support[field], inner]] : []
  })
  checks.set(type, made)
  return made
}

function hasChecks(type: string): boolean {
  return reachable(type).some((name) => Object.values(POD_FIELD_SUPPORT[name] ?? {}).some(isExceptional))
}

function isExceptional(support: FieldSupport | undefined): boolean {
  return support !== undefined && support.state !== 'honoured'
}

const reached = new Map<string, readonly string[]>()

/** The type and all that its fields hold, in any depth; empty for scalars. */
export function reachable(type: string): readonly string[] {
  const known = reached.get(type)
  if (known) return known
  const found = new Set<string>()
  collect(type, found)
  const list = [...found]
  reached.set(type, list)
  return list
}

function collect(type: string, found: Set<string>): void {
  if (found.has(type) || !hasTypeSchema(type)) return
  found.add(type)
  for (const field of Object.values(typeSchema(type))) collect(field.type, found)
}
