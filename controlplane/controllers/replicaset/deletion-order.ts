import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { podDeletionCost } from '../../../shared/pod-deletion-cost.ts'
import { isPodActive, isPodReady, podReadySinceMs } from '../pods/pod-state.ts'

type Comparison = (a: Persisted<Pod>, b: Persisted<Pod>) => number

const PHASES = ['Pending', 'Unknown', 'Running']

/**
 * The `count` Pods whose loss matters least, in Kubernetes' order: unassigned, pending, not ready, of low deletion
 * cost, on a node with many of `related` Pods (those of the same owner's owner), ready for a short time, often
 * restarted, young. Times are compared by orders of magnitude, so that age decides only where it differs much.
 */
export function podsToDelete(
  pods: readonly Persisted<Pod>[],
  count: number,
  { related, nowMs }: { related: readonly Persisted<Pod>[]; nowMs: number },
): Persisted<Pod>[] {
  if (count >= pods.length) return [...pods]
  const perNode = countPerNode(related)
  const order: Comparison[] = [
    by((pod) => (pod.spec.nodeName ? 1 : 0)),
    by((pod) => PHASES.indexOf(pod.status?.phase ?? 'Pending')),
    by((pod) => (isPodReady(pod) ? 1 : 0)),
    by(({ metadata }) => podDeletionCost(metadata.annotations) ?? 0),
    by((pod) => -(perNode.get(pod.spec.nodeName ?? '') ?? 0)),
    byAge(podReadySinceMs, nowMs),
    by((pod) => -maxRestarts(pod)),
    byAge((pod) => Date.parse(pod.metadata.creationTimestamp), nowMs),
  ]
  const compare: Comparison = (a, b) => {
    for (const comparison of order) {
      const difference = comparison(a, b)
      if (difference !== 0) return difference
    }
    return 0
  }
  return [...pods].sort(compare).slice(0, count)
}

function by(measure: (pod: Persisted<Pod>) => number): Comparison {
  return (a, b) => measure(a) - measure(b)
}

/** The younger first; what differs by less than a factor of about two is left to the UIDs, which know no favourites. */
function byAge(sinceMs: (pod: Persisted<Pod>) => number | undefined, nowMs: number): Comparison {
  return (a, b) => {
    const [sinceA, sinceB] = [sinceMs(a), sinceMs(b)]
    if (sinceA === sinceB) return 0
    if (sinceA === undefined || sinceB === undefined) return sinceA === undefined ? -1 : 1
    const difference = magnitude(nowMs - sinceA) - magnitude(nowMs - sinceB)
    return difference || (a.metadata.uid < b.metadata.uid ? -1 : 1)
  }
}

function magnitude(ageMs: number): number {
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1
}

function maxRestarts(pod: Persisted<Pod>): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount))
}

function countPerNode(pods: readonly Persisted<Pod>[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const pod of pods.filter(isPodActive)) {
    const node = pod.spec.nodeName ?? ''
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  return counts
}
