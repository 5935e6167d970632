import { NAMESPACES } from '../../../shared/api/kinds.ts'
import { updateOf } from '../verbs/update.ts'
import type { Subresource } from './subresource.ts'

/** How whoever empties a Namespace takes its `spec.finalizers` off. */
export const finalize: Subresource = {
  name: 'finalize',
  isServedFor: (kind) => kind.type === NAMESPACES.type,
  handlers: { update: updateOf('finalize') },
}
