import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import { heldIn } from './allocation.ts'
import { entryOf } from './entry-codec.ts'
import type { NamespacedName } from './registry.ts'
import type { RegistryContext } from './registry-context.ts'
import { storageKey } from './storage-keys.ts'

/** The objects of other kinds, for what a new one has from them. */
export interface StoredObjects {
  find<T extends KubeObject>(kind: Kind<T>, key: NamespacedName): Promise<Persisted<T> | undefined>
  /** What all objects of a kind hold of its pool. Cheap: none is decoded a second time. */
  held(kind: Kind): Promise<ReadonlySet<string>>
}

export function storedObjectsOf(context: RegistryContext): StoredObjects {
  return {
    async find<T extends KubeObject>(kind: Kind<T>, key: NamespacedName) {
      const stored = await context.store.get(storageKey(kind, key))
      return stored && (entryOf(kind, stored).object as Persisted<T>)
    },
    held: (kind) => heldIn(context, kind),
  }
}
