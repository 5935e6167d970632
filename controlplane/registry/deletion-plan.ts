import type { DeleteOptions } from '../../shared/api/generated/meta-v1.ts'
import { type Kind, NAMESPACES, type Namespace } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import { timestamp } from '../../shared/clock.ts'
import { cloneJson } from './clone-json.ts'
import { finalizersFor } from './delete-options.ts'
import { strategyOf } from './strategies/index.ts'

/** What a request to delete comes to. `wait`: the deletion is under way and the request adds nothing to it. */
export type DeletionPlan = { type: 'remove' } | { type: 'mark'; next: KubeObject } | { type: 'wait' }

export function planDeletion(
  kind: Kind,
  current: Persisted<KubeObject>,
  options: DeleteOptions,
  nowMs: number,
): DeletionPlan {
  if (kind.type === NAMESPACES.type) return planNamespace(current as Persisted<Namespace>, nowMs)
  const strategy = strategyOf(kind)
  const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata
  const requested = positive(options.gracePeriodSeconds)
  if (!strategy.graceSeconds) return planWith(current, options, 0, nowMs)
  if (!deletionTimestamp) return planWith(current, options, strategy.graceSeconds(current, requested), nowMs)
  if (deletionGracePeriodSeconds === undefined) return { type: 'remove' }
  if (requested === undefined || requested >= deletionGracePeriodSeconds) return { type: 'wait' }
  // Counted from when the deletion was first asked for.
  const askedMs = Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000
  return planWith(current, options, requested, askedMs)
}

function planWith(
  current: Persisted<KubeObject>,
  options: DeleteOptions,
  graceSeconds: number,
  fromMs: number,
): DeletionPlan {
  const finalizers = finalizersFor(options, current.metadata.finalizers ?? [])
  if (graceSeconds === 0 && finalizers.length === 0) return { type: 'remove' }
  const next = cloneJson<KubeObject>(current)
  const { metadata } = next
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
  if (metadata.deletionTimestamp === undefined && metadata.generation) metadata.generation++
  if (metadata.deletionTimestamp === undefined || metadata.deletionGracePeriodSeconds !== graceSeconds) {
    metadata.deletionTimestamp = timestamp(fromMs + graceSeconds * 1000)
    metadata.deletionGracePeriodSeconds = graceSeconds
  }
  return { type: 'mark', next }
}

/** A Namespace goes when its controller has emptied it and taken its name off `spec.finalizers`. */
function planNamespace(current: Persisted<Namespace>, nowMs: number): DeletionPlan {
  const isHeld = Boolean(current.spec?.finalizers?.length || current.metadata.finalizers?.length)
  if (!isHeld) return { type: 'remove' }
  if (current.metadata.deletionTimestamp) return { type: 'wait' }
  const next = cloneJson<Namespace>(current)
  next.metadata.deletionTimestamp = timestamp(nowMs)
  next.status = { ...next.status, phase: 'Terminating' }
  return { type: 'mark', next }
}

/** Kubernetes reads a negative grace period as one second. */
function positive(seconds: number | undefined): number | undefined {
  return seconds !== undefined && seconds < 0 ? 1 : seconds
}

/** True where a deletion has been asked for and nothing stands before it any more. */
export function isReadyToGo(kind: Kind, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = object.metadata
  if (!deletionTimestamp || finalizers.length > 0) return false
  if (kind.type === NAMESPACES.type) return !(object as Namespace).spec?.finalizers?.length
  return deletionGracePeriodSeconds === 0
}
