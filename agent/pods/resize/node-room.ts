import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import { podRequests, type Resources } from '../../../shared/pod-requests.ts'
import { parseMilliNumber, parseUnits } from '../../../shared/quantity.ts'
import type { ResizeRefusal } from './pod-resize.ts'

interface Room {
  /** What the node can give to all its Pods; what is not known of it refuses nothing. */
  allocatable: Readonly<Record<string, string>>
  /** The node's other Pods, as they have been given. */
  others: readonly Pod[]
}

/** Why the node has no room for the Pod as it asks to be, in the kubelet's words. */
export function resizeRefusal(pod: Pod, { allocatable, others }: Room): ResizeRefusal | undefined {
  const wanted = requestsAsGiven(pod)
  const used = others.map(requestsAsGiven)
  const sum = (amount: (of: Resources) => number) => used.reduce((total, resources) => total + amount(resources), 0)
  const amounts = [
    ['cpu', wanted.cpuMilli, sum(({ cpuMilli }) => cpuMilli), capacityOf(allocatable.cpu, parseMilliNumber)],
    ['memory', wanted.memoryBytes, sum(({ memoryBytes }) => memoryBytes), capacityOf(allocatable.memory, parseUnits)],
  ] as const
  for (const [name, requested, , capacity] of amounts) {
    if (requested <= capacity) continue
    const message = `Node didn't have enough capacity: ${name}, requested: ${requested}, capacity: ${capacity}`
    return { reason: 'Infeasible', message }
  }
  for (const [name, requested, taken, capacity] of amounts) {
    if (requested <= capacity - taken) continue
    const counts = `requested: ${requested}, used: ${taken}, capacity: ${capacity}`
    return { reason: 'Deferred', message: `Node didn't have enough resource: ${name}, ${counts}` }
  }
  return undefined
}

/** By its spec alone: what it has been given is there already. */
export function requestsAsGiven({ metadata, spec }: Pod): Resources {
  return podRequests({ metadata, spec: spec ?? { containers: [] } })
}

function capacityOf(quantity: string | undefined, parse: (quantity: string) => number): number {
  return quantity === undefined ? Number.POSITIVE_INFINITY : parse(quantity)
}
