import type { Kind } from '../../shared/api/kinds.ts'
import { type KubeObject, keyOf, type Persisted } from '../../shared/api/object.ts'
import { cloneJson } from './clone-json.ts'
import type { RegistryContext } from './registry-context.ts'
import { strategyOf } from './strategies/index.ts'
import { listEntries } from './verbs/list.ts'

/**
 * Runs a write of a kind whose objects take something from a pool while no other write of the kind runs. The write must
 * read what is stored, use `allocated`, and be in the store when it resolves.
 */
export function inTurn<T>({ turnstile }: RegistryContext, kind: Kind, write: () => Promise<T>): Promise<T> {
  return strategyOf(kind).allocate ? turnstile.pass(write) : write()
}

/** A draft with what its kind gives each object for its own. Throws an ApiError where it cannot have what it asks for. */
export async function allocated(
  context: RegistryContext,
  kind: Kind,
  draft: KubeObject,
  current?: Persisted<KubeObject>,
): Promise<KubeObject> {
  const strategy = strategyOf(kind)
  if (!strategy.allocate) return draft
  // Where the write fails and is tried again, the draft still says what was asked for.
  const object = cloneJson<KubeObject>(draft)
  const others = async () => {
    const { entries } = await listEntries(context, kind, {})
    return entries.map((entry) => entry.object).filter((other) => keyOf(other) !== keyOf(draft))
  }
  const { random, serviceNetwork } = context
  await strategy.allocate(object, { current, random, serviceNetwork, others })
  return object
}
