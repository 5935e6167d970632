import { ApiError } from '../../../shared/api/api-error.ts'
import type { Kind } from '../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import { allocated, inTurn } from '../allocation.ts'
import { draftOf } from '../draft.ts'
import { entryOf } from '../entry-codec.ts'
import { jsonEqual } from '../json-equal.ts'
import { checkSameVersion } from '../preconditions.ts'
import type { Entry, NamespacedName, UpdateArea, WriteOptions } from '../registry.ts'
import { type RegistryContext, writeContextOf } from '../registry-context.ts'
import { tryReplace } from '../replace.ts'
import { storageKey } from '../storage-keys.ts'
import { strategyOf } from '../strategies/index.ts'
import { changedObject } from '../update-areas.ts'
import { warn } from '../warn.ts'

type ChangeFunction = (current: Persisted<KubeObject>) => KubeObject | Promise<KubeObject>

export async function updateEntry(
  context: RegistryContext,
  kind: Kind,
  key: NamespacedName,
  change: ChangeFunction,
  options: WriteOptions & { area?: UpdateArea },
): Promise<Entry> {
  const attempt = () => tryUpdate(context, kind, key, change, options)
  const isObject = (options.area ?? 'object') === 'object'
  for (;;) {
    const entry = await (isObject ? inTurn(context, kind, attempt) : attempt())
    if (entry) return entry
  }
}

/** Undefined where another write came first. */
async function tryUpdate(
  context: RegistryContext,
  kind: Kind,
  key: NamespacedName,
  change: ChangeFunction,
  options: WriteOptions & { area?: UpdateArea },
): Promise<Entry | undefined> {
  const { area = 'object' } = options
  const stored = await context.store.get(storageKey(kind, key))
  if (!stored) throw ApiError.notFound(kind, key.name)
  const current = entryOf(kind, stored)
  const proposed = await change(current.object)
  if (proposed === current.object) return current
  const draft = draftOf(kind, proposed)
  checkSameVersion(kind, current.object, draft)
  const changed = changedObject(kind, area, draft, current.object, writeContextOf(context))
  const next = area === 'object' ? await allocated(context, kind, changed, current.object) : changed
  if (jsonEqual(next, current.object)) return current
  const entry = await tryReplace(context, kind, stored, next, options.dryRun ?? false)
  if (entry && area === 'object') warn(strategyOf(kind), next, options)
  return entry
}
