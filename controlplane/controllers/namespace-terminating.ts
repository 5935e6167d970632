import { isApiError } from '../../shared/api/api-error.ts'

/** True where a creation was refused because its namespace is being deleted: nothing to try again, nothing to tell. */
export function isNamespaceTerminating(error: unknown): boolean {
  return isApiError(error) && (error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false)
}
