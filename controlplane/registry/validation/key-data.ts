import { jsonEqual } from '../json-equal.ts'
import type { FieldErrors } from './field-errors.ts'
import { isConfigKey } from './names.ts'

/** All values of a ConfigMap, or of a Secret, together. */
export const DATA_MAX_BYTES = 1024 * 1024

const IMMUTABLE = 'field is immutable when `immutable` is set'

export function validateKeys(data: object = {}, path: string, errors: FieldErrors): void {
  for (const key of Object.keys(data)) errors.check(`${path}[${key}]`, key, isConfigKey)
}

/** What `immutable: true` forbids from then on. */
export function validateImmutable<T extends { immutable?: boolean }>(
  object: T,
  current: T,
  fields: readonly (keyof T & string)[],
  errors: FieldErrors,
): void {
  if (!current.immutable) return
  if (!object.immutable) errors.forbidden('immutable', IMMUTABLE)
  for (const field of fields) {
    if (!jsonEqual(object[field] ?? {}, current[field] ?? {})) errors.forbidden(field, IMMUTABLE)
  }
}
