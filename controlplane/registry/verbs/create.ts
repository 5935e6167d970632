import { ApiError } from '../../../shared/api/api-error.ts'
import type { Kind } from '../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../shared/api/object.ts'
import { nameSuffix } from '../../../shared/random.ts'
import { RevisionMismatch } from '../../store/store.ts'
import { allocated, inTurn } from '../allocation.ts'
import { draftOf } from '../draft.ts'
import { detachedEntry, encode, entryOf } from '../entry-codec.ts'
import { admitToNamespace } from '../namespace-admission.ts'
import { metadataForCreate } from '../object-metadata.ts'
import type { Entry, WriteOptions } from '../registry.ts'
import { type RegistryContext, writeContextOf } from '../registry-context.ts'
import { storageKey } from '../storage-keys.ts'
import { storedObjectsOf } from '../stored-objects.ts'
import { strategyOf } from '../strategies/index.ts'
import { validateCreate } from '../validation/validate-object.ts'
import { warn } from '../warn.ts'

/** How often a name is made up before giving up: eight collisions of 14 million names are no accident. */
const NAME_ATTEMPTS = 8
const MAX_GENERATED_PREFIX = 58

export async function createEntry(
  context: RegistryContext,
  kind: Kind,
  object: KubeObject,
  options: WriteOptions & { namespace?: string },
): Promise<Entry> {
  const draft = draftOf(kind, object)
  const { generateName } = draft.metadata
  const isGenerated = !draft.metadata.name && Boolean(generateName)
  prepare(context, kind, draft, options.namespace)
  for (let attempt = 1; ; attempt++) {
    if (isGenerated) draft.metadata.name = generated(context, generateName ?? '')
    const { namespace, name = '' } = draft.metadata
    if (namespace) await admitToNamespace(context, kind, namespace, name)
    await strategyOf(kind).admit?.(draft, storedObjectsOf(context))
    validateCreate(strategyOf(kind), draft)
    const entry = await inTurn(context, kind, async () => {
      const complete = await allocated(context, kind, draft)
      return tryCreate(context, kind, complete, options.dryRun ?? false)
    })
    if (entry) {
      warn(strategyOf(kind), draft, options)
      return entry
    }
    if (!isGenerated || attempt === NAME_ATTEMPTS) throw ApiError.alreadyExists(kind, name)
  }
}

function prepare(context: RegistryContext, kind: Kind, draft: KubeObject, namespace: string | undefined): void {
  const strategy = strategyOf(kind)
  metadataForCreate(context, strategy, draft, namespace)
  if (strategy.hasStatus && !strategy.acceptsStatusOnCreate) delete (draft as { status?: unknown }).status
  strategy.prepareForCreate?.(draft, writeContextOf(context))
  strategy.applyDefaults?.(draft)
}

/** Undefined where an object of that name exists. */
async function tryCreate(context: RegistryContext, kind: Kind, draft: KubeObject, dryRun: boolean) {
  const { namespace = '', name = '' } = draft.metadata
  const key = storageKey(kind, { namespace, name })
  const value = encode(kind, draft)
  if (dryRun) return (await context.store.get(key)) ? undefined : detachedEntry(kind, value, 0)
  try {
    return entryOf(kind, await context.store.put(key, value, 0))
  } catch (error) {
    if (error instanceof RevisionMismatch) return undefined
    throw error
  }
}

function generated({ random }: RegistryContext, prefix: string): string {
  return prefix.slice(0, MAX_GENERATED_PREFIX) + nameSuffix(random)
}
