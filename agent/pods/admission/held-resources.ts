import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import { parseUnits } from '../../../shared/quantity.ts'
import { requestsAsGiven } from '../resize/node-room.ts'

export interface Holders {
  /** What the node can give to all its Pods. */
  allocatable: Readonly<Record<string, string>>
  /** The other Pods that are to run here. */
  holders: readonly Pod[]
  /** Other Pods that are about to end, and of which something runs still. */
  ending: readonly Pod[]
}

/**
 * What a Pod's containers have to wait for, in the words for a device: of what the node has only so many, none is given
 * to two Pods, though one of them is about to end. Undefined where nothing is held that they need.
 */
export function heldResource(pod: Pod, { allocatable, holders, ending }: Holders): string | undefined {
  for (const [name, requested] of requestsAsGiven(pod).scalar) {
    const held = total(ending, name)
    const free = parseUnits(allocatable[name] ?? '0') - total(holders, name) - held
    if (held === 0 || requested <= free) continue
    const counts = `Requested: ${requested}, Available: ${Math.max(free, 0)}`
    return `requested number of devices unavailable for ${name}. ${counts}`
  }
  return undefined
}

function total(pods: readonly Pod[], name: string): number {
  return pods.reduce((sum, pod) => sum + (requestsAsGiven(pod).scalar.get(name) ?? 0), 0)
}
