import { KINDS, type Kind, resourceNameOf } from '../../../shared/api/kinds.ts'
import { type KubeObject, keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'

/** One object of any kind: `replicasets.apps default/web-5d8 <uid>`. */
export type GraphKey = ObjectKey

const BY_RESOURCE = new Map(KINDS.map((kind) => [resourceNameOf(kind), kind]))

export function graphKey(kind: Kind, object: Persisted<KubeObject>): GraphKey {
  return `${resourceNameOf(kind)} ${keyOf(object)} ${object.metadata.uid}`
}

export function parseGraphKey(key: GraphKey): { kind: Kind; key: ObjectKey; uid: string } {
  const [resource = '', objectKey = '', uid = ''] = key.split(' ')
  const kind = BY_RESOURCE.get(resource)
  if (!kind) throw new Error(`no such resource: ${JSON.stringify(resource)}`)
  return { kind, key: objectKey, uid }
}
