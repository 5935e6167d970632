import { PODS } from '../../../shared/api/kinds.ts'
import { get } from '../verbs/get.ts'
import { patchOf } from '../verbs/patch.ts'
import { updateOf } from '../verbs/update.ts'
import type { Subresource } from './subresource.ts'

/** What a Pod's containers may have of cpu and memory, while they run. */
export const resize: Subresource = {
  name: 'resize',
  isServedFor: (kind) => kind.type === PODS.type,
  handlers: { get, update: updateOf('resize'), patch: patchOf('resize') },
}
