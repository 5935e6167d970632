import { type Kind, NAMESPACES } from '../../../shared/api/kinds.ts'
import type { ApiVerb, Handler } from '../handler.ts'
import { create } from './create.ts'
import { remove } from './delete.ts'
import { deleteCollection } from './delete-collection.ts'
import { get } from './get.ts'
import { list } from './list.ts'
import { patch } from './patch.ts'
import { update } from './update.ts'
import { watch } from './watch.ts'

/** What serves each verb, for every kind. */
export const VERBS: Readonly<Record<ApiVerb, Handler>> = {
  create,
  delete: remove,
  deletecollection: deleteCollection,
  get,
  list,
  patch,
  update,
  watch,
}

/** As upstream, Namespaces cannot be deleted many at a time. */
export function resourceVerbs(kind: Kind): ApiVerb[] {
  const verbs = Object.keys(VERBS) as ApiVerb[]
  return kind.type === NAMESPACES.type ? verbs.filter((verb) => verb !== 'deletecollection') : verbs
}
