import { addResources, noResources, parseResources, type Resources } from '../../../shared/pod-requests.ts'
import { parseUnits } from '../../../shared/quantity.ts'
import { requestsAsGiven } from '../resize/node-room.ts'
import type { AdmissionCheck } from './pod-admission.ts'

/**
 * The scheduler sees to it too; a Pod that was bound without it, or while the node came to offer less, may ask for more
 * than is left. What the node does not say that it has is not its to refuse.
 */
export const refuseForResources: AdmissionCheck = (pod, { allocatable, holders }) => {
  const capacity = amounts(parseResources(allocatable), parseUnits(allocatable.pods ?? '0'))
  const taken = noResources()
  for (const holder of holders) addResources(taken, requestsAsGiven(holder))
  const used = amounts(taken, holders.length)
  for (const [name, requested] of amounts(requestsAsGiven(pod), 1)) {
    const [has, holds] = [capacity.get(name) ?? 0, used.get(name) ?? 0]
    if (requested === 0 || requested <= has - holds || allocatable[name] === undefined) continue
    const counts = `requested: ${requested}, used: ${holds}, capacity: ${has}`
    return { reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, ${counts}` }
  }
  return undefined
}

/** By name, in the kubelet's order; the processor in thousandths. */
function amounts({ cpuMilli, memoryBytes, ephemeralStorageBytes, scalar }: Resources, pods: number) {
  return new Map([
    ['pods', pods],
    ['cpu', cpuMilli],
    ['memory', memoryBytes],
    ['ephemeral-storage', ephemeralStorageBytes],
    ...scalar,
  ])
}
