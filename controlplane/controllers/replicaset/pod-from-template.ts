import { type Pod, REPLICA_SETS, type ReplicaSet } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { controllerRefTo } from '../ownership/controller-ref.ts'

/** A Pod as the ReplicaSet wants it; the API completes its name. */
export function podFromTemplate(replicaSet: Persisted<ReplicaSet>): Pod {
  const template = replicaSet.spec.template
  const { labels, annotations, finalizers } = template?.metadata ?? {}
  return {
    metadata: {
      generateName: `${replicaSet.metadata.name}-`,
      ...(replicaSet.metadata.namespace ? { namespace: replicaSet.metadata.namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerRefTo(REPLICA_SETS, replicaSet)],
    },
    spec: template?.spec ?? { containers: [] },
  }
}
