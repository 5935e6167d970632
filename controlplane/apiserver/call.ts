import type { Identity } from './auth/identity.ts'
import type { Exchange } from './http/send-answer.ts'
import type { Query } from './request/query.ts'

/** One request whose sender is known. */
export interface Call extends Exchange {
  readonly identity: Identity
  readonly method: string
  readonly path: string
  readonly query: Query
  /** Aborted when the client goes or the server closes. */
  readonly signal: AbortSignal
  /** What the answer shall warn of; handlers add to it. */
  readonly warnings: string[]
}
