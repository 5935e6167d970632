import type { Cluster } from '../cluster.ts'
import type { Refusals } from '../decision.ts'
import type { Feasibility } from '../feasibility.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import { byImportance } from './candidate.ts'
import { lowerPriorityPods } from './lower-priority.ts'

export const NO_VICTIMS = 'No preemption victims found for incoming pod'

/**
 * The Pods that would have to go for `pod` to find room on the node, the most important first; none where that would not
 * help, and `refusals` hears why. Tries it out: takes all that might go off the books, puts back whoever may stay, the
 * most important first, and leaves the books as they were.
 */
export function victimsOn(
  node: NodeInfo,
  pod: PodInfo,
  cluster: Cluster,
  feasibility: Feasibility,
  refusals: Refusals,
): readonly PodInfo[] {
  const lower = lowerPriorityPods(pod, node).sort(byImportance)
  if (lower.length === 0) refusals.count(NO_VICTIMS, 1)
  const victims = new Set<PodInfo>()
  const setAside = (other: PodInfo) => {
    cluster.take(other, node)
    victims.add(other)
  }
  const putBack = (other: PodInfo) => {
    victims.delete(other)
    cluster.put(other, node)
  }
  try {
    lower.forEach(setAside)
    if (lower.length === 0 || !feasibility.fits(pod, node, refusals)) return []
    for (const other of lower) {
      putBack(other)
      if (!feasibility.fits(pod, node)) setAside(other)
    }
    return [...victims]
  } finally {
    for (const other of [...victims]) putBack(other)
  }
}
