import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import type { Stored } from '../store/store.ts'
import { cloneJson } from './clone-json.ts'
import { entryOf } from './entry-codec.ts'
import type { RegistryContext } from './registry-context.ts'
import { storageKey, storagePrefix } from './storage-keys.ts'
import { strategyOf } from './strategies/index.ts'

/**
 * Runs a write of a kind whose objects take something from a pool while no other write of the kind runs. The write must
 * read what is stored, use `allocated`, and be in the store when it resolves.
 */
export function inTurn<T>({ turnstile }: RegistryContext, kind: Kind, write: () => Promise<T>): Promise<T> {
  return strategyOf(kind).allocation ? turnstile.pass(write) : write()
}

/** A draft with what its kind gives each object for its own. Throws an ApiError where it cannot have what it asks for. */
export async function allocated(
  context: RegistryContext,
  kind: Kind,
  draft: KubeObject,
  current?: Persisted<KubeObject>,
): Promise<KubeObject> {
  const { allocation } = strategyOf(kind)
  if (!allocation) return draft
  // Where the write fails and is tried again, the draft still says what was asked for.
  const object = cloneJson<KubeObject>(draft)
  const { random, serviceNetwork } = context
  const own = storageKey(kind, { namespace: draft.metadata.namespace ?? '', name: draft.metadata.name ?? '' })
  const taken = () => heldIn(context, kind, own)
  await allocation.allocate(object, { current, random, serviceNetwork, taken })
  return object
}

/** What the stored objects of a kind hold of its pool, but the one of the storage key `except`. */
export async function heldIn({ store }: RegistryContext, kind: Kind, except?: string): Promise<Set<string>> {
  const { items } = await store.list(storagePrefix(kind))
  const held = new Set<string>()
  for (const stored of items) {
    if (stored.key !== except) for (const thing of heldBy(kind, stored)) held.add(thing)
  }
  return held
}

/** What stored versions hold, so that all that there are can be looked through for each new one. */
const holdings = new WeakMap<Stored, readonly string[]>()

function heldBy(kind: Kind, stored: Stored): readonly string[] {
  const known = holdings.get(stored)
  if (known) return known
  const held = strategyOf(kind).allocation?.heldBy(entryOf(kind, stored).object) ?? []
  holdings.set(stored, held)
  return held
}
