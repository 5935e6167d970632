import type { OwnerReference } from '../../../shared/api/generated/meta-v1.ts'
import { apiVersionOf, type Kind } from '../../../shared/api/kinds.ts'
import { controllerOf, type KubeObject, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import type { Informer } from '../../reconcile/informer.ts'

/** The reference by which `owner` manages a dependent. */
export function controllerRefTo<T extends KubeObject>(kind: Kind<T>, owner: Persisted<T>): OwnerReference {
  const { name, uid } = owner.metadata
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, name, uid, controller: true, blockOwnerDeletion: true }
}

/** The owner of that kind which manages `object`, if the informer holds that very one. */
export function managerOf<T extends KubeObject>(
  object: KubeObject,
  kind: Kind<T>,
  owners: Informer<T>,
): { key: ObjectKey; owner: Persisted<T> } | undefined {
  const ref = controllerOf(object)
  if (ref?.kind !== kind.kind || !ref.apiVersion.startsWith(groupPrefix(kind))) return undefined
  const key = `${object.metadata.namespace}/${ref.name}`
  const owner = owners.get(key)
  return owner?.metadata.uid === ref.uid ? { key, owner } : undefined
}

/** References keep the version that wrote them; the group alone decides. */
function groupPrefix(kind: Kind): string {
  return kind.group ? `${kind.group}/` : kind.version
}
