import { ApiError } from '../../../shared/api/api-error.ts'
import type { Kind } from '../../../shared/api/kinds.ts'
import { entryOf } from '../entry-codec.ts'
import type { Entry, NamespacedName } from '../registry.ts'
import type { RegistryContext } from '../registry-context.ts'
import { storageKey } from '../storage-keys.ts'

export async function getEntry({ store }: RegistryContext, kind: Kind, key: NamespacedName): Promise<Entry> {
  const stored = await store.get(storageKey(kind, key))
  if (!stored) throw ApiError.notFound(kind, key.name)
  return entryOf(kind, stored)
}
