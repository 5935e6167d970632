import { DEPLOYMENTS, type Deployment, type ReplicaSet } from '../../../shared/api/kinds.ts'
import { draft, type Persisted } from '../../../shared/api/object.ts'
import { controllerRefTo } from '../ownership/controller-ref.ts'
import { newReplicaSetAnnotations, revisionOf, sizeAnnotations } from './annotations.ts'
import { newReplicaSetSize } from './rolling-update.ts'
import { TEMPLATE_HASH_LABEL } from './template-form.ts'
import { templateHash } from './template-hash.ts'

/** One more than any old ReplicaSet has. */
function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1
}

/** The ReplicaSet to create for the Deployment's present template, as large as a rollout may start. */
export function newReplicaSet(deployment: Persisted<Deployment>, old: readonly Persisted<ReplicaSet>[]): ReplicaSet {
  const { metadata, spec, status } = deployment
  const hash = templateHash(spec.template, status?.collisionCount)
  const template = draft(spec.template)
  const labels = { ...template.metadata?.labels, [TEMPLATE_HASH_LABEL]: hash }
  template.metadata = { ...template.metadata, labels }
  const { matchLabels, ...selector } = spec.selector
  return {
    metadata: {
      name: `${metadata.name}-${hash}`,
      ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
      labels,
      annotations: {
        ...newReplicaSetAnnotations(deployment, {}, nextRevision(old)),
        ...sizeAnnotations(deployment),
      },
      ownerReferences: [controllerRefTo(DEPLOYMENTS, deployment)],
    },
    spec: {
      replicas: newReplicaSetSize(deployment, { current: undefined, old }),
      minReadySeconds: spec.minReadySeconds ?? 0,
      selector: { ...selector, matchLabels: { ...matchLabels, [TEMPLATE_HASH_LABEL]: hash } },
      template,
    },
  }
}

/** The existing ReplicaSet brought up to date with its Deployment; undefined where it is. */
export function refreshedReplicaSet(
  deployment: Persisted<Deployment>,
  current: Persisted<ReplicaSet>,
  old: readonly Persisted<ReplicaSet>[],
): Persisted<ReplicaSet> | undefined {
  const before = current.metadata.annotations ?? {}
  const annotations = newReplicaSetAnnotations(deployment, before, nextRevision(old))
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0
  const isSame = Object.entries(annotations).every(([name, value]) => before[name] === value)
  if (isSame && (current.spec.minReadySeconds ?? 0) === minReadySeconds) return undefined
  const next = draft(current)
  next.metadata.annotations = annotations
  next.spec.minReadySeconds = minReadySeconds
  return next
}
