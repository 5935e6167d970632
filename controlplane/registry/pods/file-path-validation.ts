import type { FieldErrors } from '../validation/field-errors.ts'

/** A path that stays inside the directory it is put into. */
export function validateRelativePath(text: string, path: string, errors: FieldErrors): void {
  if (text.startsWith('/')) errors.invalid(path, text, 'must be a relative path')
  validateNoParent(text, path, errors)
}

/** A file of a volume that the agent writes: names that begin with two dots are its own. */
export function validateFilePath(text: string, path: string, errors: FieldErrors): void {
  validateRelativePath(text, path, errors)
  if (text.startsWith('..') && !text.startsWith('../')) errors.invalid(path, text, "must not start with '..'")
}

export function validateNoParent(text: string, path: string, errors: FieldErrors): void {
  if (text.split('/').includes('..')) errors.invalid(path, text, "must not contain '..'")
}

export function validateFileMode(mode: number | undefined, path: string, errors: FieldErrors): void {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return
  errors.invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')
}
