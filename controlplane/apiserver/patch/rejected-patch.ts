import { ApiError } from '../../../shared/api/api-error.ts'

/** A patch that is well formed but cannot be applied to the object as it stands: 422. */
export function rejectedPatch(why: string): ApiError {
  return new ApiError('Invalid', `the server rejected our request due to an error in our request: ${why}`)
}
