import type { Kind } from '../../../shared/api/kinds.ts'
import type { ApiVerb, Handler } from '../handler.ts'

/** A part of an object with an address of its own: `pods/web/log`. */
export interface Subresource {
  readonly name: string
  isServedFor(kind: Kind): boolean
  /** What it takes and gives, for discovery, where that is not the kind itself. */
  readonly representation?: { readonly group: string; readonly version: string; readonly kind: string }
  readonly handlers: Partial<Record<ApiVerb, Handler>>
}
