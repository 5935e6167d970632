import type { Kind } from '../../../shared/api/kinds.ts'
import type { NamespacedName } from '../../registry/registry.ts'
import type { Identity } from '../auth/identity.ts'
import type { RawBody } from './parse-body.ts'
import type { Query } from './query.ts'
import type { ResourceTarget } from './resource-path.ts'

/** One request for a kind of the API, with its identity known and its verb permitted. */
export interface ResourceRequest {
  readonly kind: Kind
  readonly target: ResourceTarget
  readonly query: Query
  readonly identity: Identity
  readonly userAgent: string
  /** Aborted when the client goes or the server closes. */
  readonly signal: AbortSignal
  /** Reads the whole body. @throws ApiError 413 for more than 3 MiB */
  body(): Promise<RawBody>
  /** Adds a Warning header for the user to see. */
  warn(message: string): void
  /** Asks again whether this may be written. @throws ApiError 403 */
  authorizeWrite(object: object, current?: object): Promise<void>
}

/** The object that the path names. */
export function keyOfTarget({ namespace, name = '' }: ResourceTarget): NamespacedName {
  return namespace === undefined ? { name } : { namespace, name }
}
