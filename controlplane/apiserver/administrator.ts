import { ApiError } from '../../shared/api/api-error.ts'
import { checkAccess } from './access.ts'
import type { Authenticator, Authorizer, Identity, NonResourceAttributes } from './auth/identity.ts'
import { credentialsOf } from './credentials.ts'
import type { HttpRequest } from './http/http-request.ts'

/** Who asks the routes that are Kubette's own and for administrators alone. */
export interface Gatekeepers {
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
}

/** Who asks, where that one may. @throws ApiError 401, or 403 in upstream's words */
export async function administratorOf(
  request: HttpRequest,
  { authenticator, authorizer }: Gatekeepers,
  access: NonResourceAttributes,
): Promise<Identity> {
  const identity = await authenticator.authenticate(credentialsOf(request))
  if (!identity) throw new ApiError('Unauthorized', 'Unauthorized')
  await checkAccess(authorizer, identity, access)
  return identity
}
