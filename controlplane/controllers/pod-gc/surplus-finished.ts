import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { oldestFirst } from '../oldest-first.ts'
import { isPodFinished } from '../pods/pod-state.ts'

/** Finished Pods beyond the threshold, those created first. */
export function surplusFinished(pods: readonly Persisted<Pod>[], threshold: number): Persisted<Pod>[] {
  const finished = pods.filter((pod) => isPodFinished(pod) && !pod.metadata.deletionTimestamp)
  if (finished.length <= threshold) return []
  return finished.sort(oldestFirst).slice(0, finished.length - threshold)
}
