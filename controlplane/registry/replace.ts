import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject } from '../../shared/api/object.ts'
import { RevisionMismatch, type Stored } from '../store/store.ts'
import { isReadyToGo } from './deletion-plan.ts'
import { detachedEntry, encode, entryOf } from './entry-codec.ts'
import type { Entry } from './registry.ts'
import type { RegistryContext } from './registry-context.ts'

/**
 * Writes `next` in place of `stored`, or removes it where it waited for this write to be gone (its last finalizer was
 * taken off). Undefined where another write came first.
 */
export async function tryReplace(
  { store }: RegistryContext,
  kind: Kind,
  stored: Stored,
  next: KubeObject,
  dryRun: boolean,
): Promise<Entry | undefined> {
  const value = encode(kind, next)
  if (dryRun) return detachedEntry(kind, value, stored.revision)
  try {
    if (!isReadyToGo(kind, next)) return entryOf(kind, await store.put(stored.key, value, stored.revision))
    return detachedEntry(kind, value, await store.delete(stored.key, stored.revision))
  } catch (error) {
    if (error instanceof RevisionMismatch) return undefined
    throw error
  }
}
