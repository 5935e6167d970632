import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import { addResources, noResources, parseResources, type Resources } from '../../../shared/pod-requests.ts'
import { parseUnits } from '../../../shared/quantity.ts'
import { requestsAsGiven } from '../resize/node-room.ts'
import type { AdmissionFacts, PodRefusal } from './pod-admission.ts'

/** What a Pod asks for of a resource beyond what is left of it; the processor in thousandths. */
export interface Shortage {
  name: string
  requested: number
  used: number
  capacity: number
}

/**
 * What the node has too little of for a Pod, in the kubelet's order. The scheduler sees to it too; a Pod that was bound
 * without it, or while the node came to offer less, may ask for more than is left. What the node does not say that it
 * has is not its to refuse.
 */
export function resourceShortages(pod: Pod, { allocatable, holders }: AdmissionFacts): Shortage[] {
  const capacities = amountsOf(parseResources(allocatable), parseUnits(allocatable.pods ?? '0'))
  const taken = noResources()
  for (const holder of holders) addResources(taken, requestsAsGiven(holder))
  const used = amountsOf(taken, holders.length)
  return [...amountsOf(requestsAsGiven(pod), 1)]
    .map(([name, requested]) => {
      return { name, requested, used: used.get(name) ?? 0, capacity: capacities.get(name) ?? 0 }
    })
    .filter(({ name, requested, used, capacity }) => {
      return requested > 0 && requested > capacity - used && allocatable[name] !== undefined
    })
}

export function refusalForShortage({ name, requested, used, capacity }: Shortage): PodRefusal {
  const counts = `requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return { reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, ${counts}` }
}

/** By name, in the kubelet's order; the processor in thousandths. */
export function amountsOf(
  { cpuMilli, memoryBytes, ephemeralStorageBytes, scalar }: Resources,
  pods: number,
): ReadonlyMap<string, number> {
  return new Map([
    ['pods', pods],
    ['cpu', cpuMilli],
    ['memory', memoryBytes],
    ['ephemeral-storage', ephemeralStorageBytes],
    ...scalar,
  ])
}
