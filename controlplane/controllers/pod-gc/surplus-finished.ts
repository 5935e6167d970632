import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { isPodFinished } from '../pods/pod-state.ts'

/** Finished Pods beyond the threshold, those created first. */
export function surplusFinished(pods: readonly Persisted<Pod>[], threshold: number): Persisted<Pod>[] {
  const finished = pods.filter((pod) => isPodFinished(pod) && !pod.metadata.deletionTimestamp)
  if (finished.length <= threshold) return []
  return finished.sort(oldestFirst).slice(0, finished.length - threshold)
}

function oldestFirst(a: Persisted<Pod>, b: Persisted<Pod>): number {
  const [{ creationTimestamp: timeA, name: nameA }, { creationTimestamp: timeB, name: nameB }] = [
    a.metadata,
    b.metadata,
  ]
  if (timeA !== timeB) return timeA < timeB ? -1 : 1
  return nameA < nameB ? -1 : 1
}
