import { isApiError } from '../../../shared/api/api-error.ts'
import type { DeleteOptions } from '../../../shared/api/generated/meta-v1.ts'
import type { Kind } from '../../../shared/api/kinds.ts'
import type { Entry, EntryList, ListOptions, WriteOptions } from '../registry.ts'
import type { RegistryContext } from '../registry-context.ts'
import { deleteEntry } from './delete.ts'
import { listEntries } from './list.ts'

export async function deleteCollection(
  context: RegistryContext,
  kind: Kind,
  options: ListOptions & WriteOptions & { delete?: DeleteOptions },
): Promise<EntryList> {
  const matching = await listEntries(context, kind, options)
  for (const entry of matching.entries) await deleteIfThere(context, kind, entry, options)
  return matching
}

async function deleteIfThere(
  context: RegistryContext,
  kind: Kind,
  { object }: Entry,
  options: WriteOptions & { delete?: DeleteOptions },
): Promise<void> {
  const { namespace = '', name } = object.metadata
  try {
    await deleteEntry(context, kind, { namespace, name }, options)
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error
  }
}
