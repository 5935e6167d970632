import { formatBytes, formatCount, parseUnits } from '../../shared/quantity.ts'
import { type EvictionThreshold, type Observation, thresholdUnits } from './eviction-threshold.ts'
import { type PodResourceUsage, type StarvedResource, usedBy } from './pod-resource-usage.ts'

/** Why a Pod had to go, in the kubelet's words. */
export function evictionMessage(
  resource: StarvedResource,
  threshold: EvictionThreshold,
  observation: Observation,
  usage: PodResourceUsage,
): string {
  const { available, capacity } = observation
  const [limit, left] = [thresholdUnits(threshold, capacity), available].map((units) => format(resource, units))
  return [
    `The node was low on resource: ${resource}. Threshold quantity: ${limit}, available: ${left}. `,
    ...offenders(resource, usage),
  ].join('')
}

/** The containers that use more than they requested. */
function offenders(resource: StarvedResource, { pod, containers }: PodResourceUsage): string[] {
  if (resource === 'inodes' || resource === 'pids') return []
  return containers.flatMap((container) => {
    const spec = pod.spec?.containers.find(({ name }) => name === container.name)
    const request = spec?.resources?.requests?.[resource] ?? '0'
    const used = usedBy(container, resource)
    if (used <= parseUnits(request)) return []
    const amounts = `was using ${formatBytes(used)}, request is ${request}`
    return [`Container ${container.name} ${amounts}, has larger consumption of ${resource}. `]
  })
}

function format(resource: StarvedResource, units: number): string {
  return resource === 'inodes' || resource === 'pids' ? formatCount(units) : formatBytes(units)
}
