import { strategyOf } from '../../registry/strategies/index.ts'
import { get } from '../verbs/get.ts'
import { patchOf } from '../verbs/patch.ts'
import { updateOf } from '../verbs/update.ts'
import type { Subresource } from './subresource.ts'

export const status: Subresource = {
  name: 'status',
  isServedFor: (kind) => strategyOf(kind).hasStatus,
  handlers: { get, update: updateOf('status'), patch: patchOf('status') },
}
