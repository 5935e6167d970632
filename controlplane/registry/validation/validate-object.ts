import { ApiError } from '../../../shared/api/api-error.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { Strategy } from '../strategy.ts'
import { FieldErrors } from './field-errors.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from './object-meta.ts'

/** Throws Invalid with everything that is wrong with a new object. */
export function validateCreate(strategy: Strategy, object: KubeObject): void {
  const errors = new FieldErrors()
  strategy.validateCreate?.(object, errors)
  validateWhole(strategy, object, errors)
  refuse(strategy, object, errors)
}

/** Throws Invalid with everything that is wrong with a changed object, or may not change. */
export function validateUpdate(strategy: Strategy, object: KubeObject, current: Persisted<KubeObject>): void {
  const errors = new FieldErrors()
  validateObjectMetaUpdate(object, current, errors)
  strategy.validateUpdate?.(object, current, errors)
  validateWhole(strategy, object, errors)
  refuse(strategy, object, errors)
}

export function validateStatusUpdate(strategy: Strategy, object: KubeObject, current: Persisted<KubeObject>): void {
  const errors = new FieldErrors()
  strategy.validateStatusUpdate?.(object, current, errors)
  refuse(strategy, object, errors)
}

function validateWhole(strategy: Strategy, object: KubeObject, errors: FieldErrors): void {
  validateObjectMeta(strategy, object.metadata, errors)
  strategy.validate?.(object, errors)
}

function refuse({ kind }: Strategy, object: KubeObject, errors: FieldErrors): void {
  if (errors.list.length > 0) throw ApiError.invalid(kind, object.metadata.name ?? '', errors.list)
}
