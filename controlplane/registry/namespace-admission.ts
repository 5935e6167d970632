import { ApiError } from '../../shared/api/api-error.ts'
import { type Kind, NAMESPACES, type Namespace } from '../../shared/api/kinds.ts'
import { entryOf } from './entry-codec.ts'
import type { RegistryContext } from './registry-context.ts'
import { storageKey } from './storage-keys.ts'

/** Refuses a new object where its namespace does not exist or is on its way out. */
export async function admitToNamespace({ store }: RegistryContext, kind: Kind, namespace: string, name: string) {
  const stored = await store.get(storageKey(NAMESPACES, { name: namespace }))
  if (!stored) throw ApiError.notFound(NAMESPACES, namespace)
  const { metadata, status } = entryOf(NAMESPACES, stored).object as Namespace
  if (metadata.deletionTimestamp || status?.phase === 'Terminating') throw terminating(kind, namespace, name)
}

function terminating(kind: Kind, namespace: string, name: string): ApiError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const { reason, message, details } = ApiError.forbidden(kind, name, why)
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  return new ApiError(reason, message, { ...details, causes: [cause] })
}
