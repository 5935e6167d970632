import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import { entryOf } from './entry-codec.ts'
import type { NamespacedName } from './registry.ts'
import type { RegistryContext } from './registry-context.ts'
import { storageKey, storagePrefix } from './storage-keys.ts'

/** The objects of other kinds, for what a new one has from them. */
export interface StoredObjects {
  find<T extends KubeObject>(kind: Kind<T>, key: NamespacedName): Promise<Persisted<T> | undefined>
  all<T extends KubeObject>(kind: Kind<T>): Promise<Persisted<T>[]>
}

export function storedObjectsOf({ store }: RegistryContext): StoredObjects {
  return {
    async find<T extends KubeObject>(kind: Kind<T>, key: NamespacedName) {
      const stored = await store.get(storageKey(kind, key))
      return stored && (entryOf(kind, stored).object as Persisted<T>)
    },
    async all<T extends KubeObject>(kind: Kind<T>) {
      const { items } = await store.list(storagePrefix(kind))
      return items.map((stored) => entryOf(kind, stored).object as Persisted<T>)
    },
  }
}
