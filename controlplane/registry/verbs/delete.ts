import { ApiError } from '../../../shared/api/api-error.ts'
import type { DeleteOptions } from '../../../shared/api/generated/meta-v1.ts'
import type { Kind } from '../../../shared/api/kinds.ts'
import { RevisionMismatch, type Stored } from '../../store/store.ts'
import { validateDeleteOptions } from '../delete-options.ts'
import { planDeletion } from '../deletion-plan.ts'
import { detachedEntry, entryOf } from '../entry-codec.ts'
import { jsonEqual } from '../json-equal.ts'
import { checkPreconditions } from '../preconditions.ts'
import type { Deletion, Entry, NamespacedName, WriteOptions } from '../registry.ts'
import type { RegistryContext } from '../registry-context.ts'
import { tryReplace } from '../replace.ts'
import { storageKey } from '../storage-keys.ts'
import { strategyOf } from '../strategies/index.ts'

export async function deleteEntry(
  context: RegistryContext,
  kind: Kind,
  key: NamespacedName,
  options: WriteOptions & { delete?: DeleteOptions },
): Promise<Deletion> {
  const wanted = options.delete ?? {}
  validateDeleteOptions(wanted)
  const why = strategyOf(kind).whyUndeletable?.(key.name)
  if (why) throw ApiError.forbidden(kind, key.name, why)
  for (;;) {
    const stored = await context.store.get(storageKey(kind, key))
    if (!stored) throw ApiError.notFound(kind, key.name)
    checkPreconditions(kind, entryOf(kind, stored).object, wanted.preconditions)
    const deletion = await attempt(context, kind, stored, wanted, options.dryRun ?? false)
    if (deletion) return deletion
  }
}

/** Undefined where another write came first. */
async function attempt(
  context: RegistryContext,
  kind: Kind,
  stored: Stored,
  wanted: DeleteOptions,
  dryRun: boolean,
): Promise<Deletion | undefined> {
  const current = entryOf(kind, stored)
  const plan = planDeletion(kind, current.object, wanted, context.clock.now())
  switch (plan.type) {
    case 'wait':
      return { entry: current, gone: false }
    case 'mark': {
      if (jsonEqual(plan.next, current.object)) return { entry: current, gone: false }
      const entry = await tryReplace(context, kind, stored, plan.next, dryRun)
      return entry && { entry, gone: false }
    }
    case 'remove': {
      const entry = dryRun ? current : await tryRemove(context, kind, stored)
      return entry && { entry, gone: true }
    }
  }
}

async function tryRemove({ store }: RegistryContext, kind: Kind, stored: Stored): Promise<Entry | undefined> {
  try {
    return detachedEntry(kind, stored.value, await store.delete(stored.key, stored.revision))
  } catch (error) {
    if (error instanceof RevisionMismatch) return undefined
    throw error
  }
}
