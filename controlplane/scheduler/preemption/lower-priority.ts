import type { Cluster } from '../cluster.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'

/** False for a Pod that never takes the place of others, or than which none is lower anyway. */
export function mayPreempt({ pod, priority }: PodInfo, cluster: Cluster): boolean {
  return pod.spec.preemptionPolicy !== 'Never' && priority > cluster.lowestPriority
}

/** The Pods of a node that this one may take the place of. */
export function lowerPriorityPods({ priority }: PodInfo, node: NodeInfo): PodInfo[] {
  return [...node.pods.values()].filter((other) => other.priority < priority)
}

/** True while Pods that were to make room for this one, on the node that it is nominated for, are still ending. */
export function isRoomBeingMade(pod: PodInfo, cluster: Cluster): boolean {
  const node = cluster.node(cluster.nominations.nodeNameOf(pod.uid) ?? '')
  if (!node) return false
  return lowerPriorityPods(pod, node).some((other) => cluster.evicted.has(other.uid) || endsByPreemption(other))
}

function endsByPreemption({ pod: { metadata, status } }: PodInfo): boolean {
  if (!metadata.deletionTimestamp) return false
  const condition = status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler'
}
