import type { Pod } from '../../../shared/api/kinds.ts'
import { isFinalPhase } from '../../../shared/pod-phase.ts'
import { findCondition } from '../conditions.ts'

/** Succeeded or Failed: it will never run again. */
export function isPodFinished(pod: Pod): boolean {
  return isFinalPhase(pod.status?.phase)
}

export function isPodTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined
}

/** Counts as a replica: neither finished nor on its way out. */
export function isPodActive(pod: Pod): boolean {
  return !isPodFinished(pod) && !isPodTerminating(pod)
}

export function isPodReady(pod: Pod): boolean {
  return findCondition(pod.status?.conditions, 'Ready')?.status === 'True'
}

/** Milliseconds since 1970; undefined where it is not ready, or does not say since when. */
export function podReadySinceMs(pod: Pod): number | undefined {
  const ready = findCondition(pod.status?.conditions, 'Ready')
  return ready?.status === 'True' && ready.lastTransitionTime ? Date.parse(ready.lastTransitionTime) : undefined
}

/** How long until a ready Pod has been so for `minReadySeconds`: 0 is available. Infinity where it is not ready. */
export function untilPodAvailableMs(pod: Pod, minReadySeconds: number, nowMs: number): number {
  if (!isPodReady(pod)) return Infinity
  if (minReadySeconds === 0) return 0
  const sinceMs = podReadySinceMs(pod)
  return sinceMs === undefined ? Infinity : Math.max(0, sinceMs + minReadySeconds * 1000 - nowMs)
}

export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return untilPodAvailableMs(pod, minReadySeconds, nowMs) === 0
}
