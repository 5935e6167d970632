import { KINDS, type Kind } from '../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { Client } from '../../client/client.ts'
import { unlessGoneOrChanged } from '../unless-gone.ts'

export const CONTENT_KINDS: readonly Kind[] = KINDS.filter((kind) => kind.namespaced)

/** What could not be deleted yet, or at all. */
export interface Leftovers {
  remaining: { kind: Kind; objects: readonly Persisted<KubeObject>[] }[]
  failures: unknown[]
}

/** Asks for the deletion of all that is in a namespace; resolves to what is left after that. */
export async function emptyNamespace(client: Client, namespace: string): Promise<Leftovers> {
  const leftovers: Leftovers = { remaining: [], failures: [] }
  for (const kind of CONTENT_KINDS) {
    const { items } = await client.list(kind, { namespace })
    if (items.length === 0) continue
    const results = await Promise.allSettled(items.map((object) => deleteOne(client, kind, object)))
    for (const result of results) if (result.status === 'rejected') leftovers.failures.push(result.reason)
    const { items: objects } = await client.list(kind, { namespace })
    if (objects.length > 0) leftovers.remaining.push({ kind, objects })
  }
  return leftovers
}

async function deleteOne(client: Client, kind: Kind, { metadata }: Persisted<KubeObject>): Promise<void> {
  if (metadata.deletionTimestamp) return
  const options = { propagationPolicy: 'Background', preconditions: { uid: metadata.uid } }
  await unlessGoneOrChanged(client.delete(kind, metadata, options))
}
