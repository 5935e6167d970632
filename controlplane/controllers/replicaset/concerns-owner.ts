import { isDeepStrictEqual } from 'node:util'
import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { isPodActive, isPodReady, podReadySinceMs } from '../pods/pod-state.ts'

/**
 * Whether a change of a Pod can change what its ReplicaSet does or says. A binding, or a condition other than Ready,
 * does not: of many Pods that start at once each would have all others counted again.
 */
export function concernsOwner(previous: Persisted<Pod>, pod: Persisted<Pod>): boolean {
  const [before, after] = [previous, pod].map(seenByOwner)
  return !isDeepStrictEqual(before, after)
}

function seenByOwner(pod: Persisted<Pod>) {
  const { labels, ownerReferences, deletionTimestamp } = pod.metadata
  const isReady = isPodReady(pod)
  return {
    labels,
    ownerReferences,
    deletionTimestamp,
    isReady,
    isActive: isPodActive(pod),
    since: podReadySinceMs(pod),
  }
}
