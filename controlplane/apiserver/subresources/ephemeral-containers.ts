import { PODS } from '../../../shared/api/kinds.ts'
import { get } from '../verbs/get.ts'
import { patchOf } from '../verbs/patch.ts'
import { updateOf } from '../verbs/update.ts'
import type { Subresource } from './subresource.ts'

/** How containers are added to a Pod that runs, for `kubectl debug`. */
export const ephemeralContainers: Subresource = {
  name: 'ephemeralcontainers',
  isServedFor: (kind) => kind.type === PODS.type,
  handlers: { get, update: updateOf('ephemeralcontainers'), patch: patchOf('ephemeralcontainers') },
}
