import { ApiError } from '../../../shared/api/api-error.ts'
import type { WriteOptions } from '../../registry/registry.ts'
import type { Query } from './query.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

const LONGEST_FIELD_MANAGER = 128

/** What every writing verb's query may say; `userAgent` names the manager where the query does not. */
export function readWriteOptions(query: Query, userAgent: string, warn: (message: string) => void): WriteOptions {
  return { dryRun: isDryRun(query.texts('dryRun')), fieldManager: readFieldManager(query, userAgent), warn }
}

/** Warn unless told. */
export function readFieldValidation(query: Query): FieldValidation {
  return query.choice('fieldValidation', ['Ignore', 'Warn', 'Strict']) ?? 'Warn'
}

/** `dryRun` has one value that means anything. */
export function isDryRun(values: readonly string[]): boolean {
  const wrong = values.find((value) => value !== 'All')
  if (wrong !== undefined) {
    throw ApiError.badRequest(`invalid dryRun ${JSON.stringify(wrong)}: supported values: "All"`)
  }
  return values.length > 0
}

function readFieldManager(query: Query, userAgent: string): string {
  const manager = query.text('fieldManager') ?? (userAgent.split('/')[0] || 'unknown')
  if (manager.length > LONGEST_FIELD_MANAGER) {
    throw ApiError.badRequest(`invalid fieldManager: may not be longer than ${LONGEST_FIELD_MANAGER}`)
  }
  return manager
}
