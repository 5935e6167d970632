import { apiVersionOf } from '../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { Entry, EntryList } from '../../registry/registry.ts'
import type { TableColumn } from '../../registry/strategy.ts'
import { partialMetadata } from './partial-metadata.ts'
import type { Rendering } from './rendering.ts'
import { tableOf } from './table.ts'

/** An entry in the shape that the client asked for; the entry itself where that is the object as it is. */
export function shapeEntry(rendering: Rendering, entry: Entry): Entry | object {
  const { as } = rendering.representation
  if (!as) return entry
  if (as.kind !== 'Table') return partialMetadata(entry, as.version)
  return tableOf(rendering, as.version, [entry], { resourceVersion: entry.object.metadata.resourceVersion })
}

/** What a subresource shows likewise, where `columns` are what a table has of it. */
export function shapePart(
  rendering: Rendering,
  object: Persisted<KubeObject>,
  columns: readonly TableColumn[],
): object {
  const { as } = rendering.representation
  if (!as) return object
  if (as.kind !== 'Table') return partialMetadata({ object }, as.version)
  return tableOf(rendering, as.version, [{ object }], { resourceVersion: object.metadata.resourceVersion }, columns)
}

/** A list likewise. */
export function shapeList(rendering: Rendering, list: EntryList): EntryList | object {
  const { as } = rendering.representation
  if (!as) return list
  if (as.kind === 'Table') return tableOf(rendering, as.version, list.entries, listMetadata(list))
  const items = list.entries.map((entry) => partialMetadata(entry, as.version))
  return { ...listHead('PartialObjectMetadataList', `meta.k8s.io/${as.version}`, list), items }
}

/** All of a list but its items. */
export function headOfList({ kind }: Rendering, list: EntryList): object {
  return listHead(`${kind.kind}List`, apiVersionOf(kind), list)
}

function listHead(kind: string, apiVersion: string, list: EntryList): object {
  return { kind, apiVersion, metadata: listMetadata(list) }
}

/** What is not stored is of no revision. */
function listMetadata(list: EntryList): object {
  return {
    ...(list.revision === 0 ? {} : { resourceVersion: String(list.revision) }),
    ...(list.continue === undefined ? {} : { continue: list.continue }),
    ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
  }
}
