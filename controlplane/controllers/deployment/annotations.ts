import type { Deployment, ReplicaSet } from '../../../shared/api/kinds.ts'
import { desiredReplicas, rolloutBounds } from './rollout-bounds.ts'

/** The count of a Deployment's versions; `kubectl rollout history` shows it. */
export const REVISION = 'deployment.kubernetes.io/revision'
/** The revisions a ReplicaSet had before it was rolled back to. */
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
/** The Deployment's size when the ReplicaSet was last sized: another one now means that the Deployment was scaled. */
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'
/** The same with the surge. */
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'

const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
])
const MAX_HISTORY_LENGTH = 2000

type Annotations = Record<string, string>

/** 0 where it has none. */
export function revisionOf({ metadata }: ReplicaSet): number {
  return numberIn(metadata.annotations, REVISION) ?? 0
}

export function desiredReplicasOf({ metadata }: ReplicaSet): number | undefined {
  return numberIn(metadata.annotations, DESIRED_REPLICAS)
}

export function maxReplicasOf({ metadata }: ReplicaSet): number | undefined {
  return numberIn(metadata.annotations, MAX_REPLICAS)
}

/** What tells, later on, how large the Deployment was when it sized its ReplicaSet. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const desired = desiredReplicas(deployment)
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + rolloutBounds(deployment).surge) }
}

/** The annotations that the Deployment's new ReplicaSet should have, given those it has. */
export function newReplicaSetAnnotations(
  deployment: Deployment,
  current: Annotations,
  newRevision: number,
): Annotations {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !NOT_COPIED.has(name))
  const annotations = { ...current, ...Object.fromEntries(copied) }
  const former = current[REVISION]
  // Its revision may be higher than what the other ReplicaSets suggest, once later ones were cleaned up.
  if (former !== undefined && Number(former) >= newRevision) return annotations
  annotations[REVISION] = String(newRevision)
  if (former) annotations[REVISION_HISTORY] = appendToHistory(current[REVISION_HISTORY], former)
  return annotations
}

/** Drops the oldest where it would become too long. */
function appendToHistory(history: string | undefined, revision: string): string {
  const revisions = [...(history ? history.split(',') : []), revision]
  while (revisions.join(',').length > MAX_HISTORY_LENGTH) revisions.shift()
  return revisions.join(',')
}

function numberIn(annotations: Annotations | undefined, name: string): number | undefined {
  const text = annotations?.[name]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}
