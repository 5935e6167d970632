import { isApiError } from '../../shared/api/api-error.ts'

/** Undefined where the object is no longer there. */
export async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined
    throw error
  }
}

/** For a request with preconditions: undefined also where the object is not the one that was meant any more. */
export async function unlessGoneOrChanged<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await unlessGone(work)
  } catch (error) {
    if (isApiError(error, 'Conflict')) return undefined
    throw error
  }
}
