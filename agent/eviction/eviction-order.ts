import { isCriticalPod } from './critical-pod.ts'
import { type PodResourceUsage, requestedByPod, type StarvedResource, usedByPod } from './pod-resource-usage.ts'

/**
 * Who is to go first, as the kubelet has it: those that use more than they requested, of these the least important, of
 * these the one that is furthest above its request. Processes are not requested: there importance comes first.
 */
export function evictionOrder(pods: readonly PodResourceUsage[], resource: StarvedResource): PodResourceUsage[] {
  const excess = (usage: PodResourceUsage) => usedByPod(usage, resource) - requestedByPod(usage.pod, resource)
  const rank = (usage: PodResourceUsage) => (resource !== 'pids' && excess(usage) > 0 ? 0 : 1)
  return pods
    .filter(({ pod }) => !isCriticalPod(pod))
    .sort((a, b) => rank(a) - rank(b) || priorityOf(a) - priorityOf(b) || excess(b) - excess(a))
}

function priorityOf({ pod }: PodResourceUsage): number {
  return pod.spec?.priority ?? 0
}
