import type { Kind } from '../../../shared/api/kinds.ts'
import type { ApiVerb, Handler } from '../handler.ts'
import type { UpgradeConnection } from '../http/upgrade-connection.ts'
import type { ResourceRequest } from '../request/resource-request.ts'
import type { Services } from '../services.ts'

/** A part of an object with an address of its own: `pods/web/log`. */
export interface Subresource {
  readonly name: string
  isServedFor(kind: Kind): boolean
  /** What it takes and gives, for discovery, where that is not the kind itself. */
  readonly representation?: { readonly group: string; readonly version: string; readonly kind: string }
  readonly handlers: Partial<Record<ApiVerb, Handler>>
  /** Serves connections that are to be upgraded; the handlers then say which verbs ask for that. */
  readonly connect?: Connect
}

/**
 * Decides whether a connection is upgraded. Resolves to what answers it and serves it to its end, which may reject
 * where the client goes. @throws ApiError where it is refused, which is answered as a Status
 */
export type Connect = (
  request: ConnectRequest,
  services: Services,
  connection: UpgradeConnection,
) => Promise<() => Promise<void>>

export type ConnectRequest = Pick<ResourceRequest, 'target' | 'query' | 'signal'>
