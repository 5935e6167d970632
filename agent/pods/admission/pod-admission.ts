import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import { refuseAppArmor } from './app-armor.ts'
import { refuseHostPorts } from './host-ports.ts'
import { refuseUnderPressure } from './pressure.ts'
import { refuseForResources } from './resources.ts'
import { refuseSysctls } from './sysctls.ts'

/** Why this node will not run a Pod, as the kubelet says it. */
export interface PodRefusal {
  reason: string
  message: string
}

/** What an admission depends on beside the Pod itself. */
export interface AdmissionFacts {
  /** Names, or beginnings of names with a `*`. */
  allowedUnsafeSysctls: readonly string[]
  /** Undefined while it is not known. */
  hasAppArmor: boolean | undefined
  /** What the node can give to all its Pods, by resource, as far as it is known. */
  allocatable: Readonly<Record<string, string>>
  /** The conditions that tell what the node is short of, such as `MemoryPressure`. */
  pressure: readonly string[]
  /** Those that the node has admitted and that have not ended. */
  others: readonly Pod[]
  /** Those that are to run here, with the resources that they have been given. */
  holders: readonly Pod[]
}

export type AdmissionCheck = (pod: Pod, facts: AdmissionFacts) => PodRefusal | undefined

/** In the kubelet's order. */
const CHECKS: readonly AdmissionCheck[] = [
  refuseUnderPressure,
  refuseSysctls,
  refuseForResources,
  refuseHostPorts,
  refuseAppArmor,
]

/** The first reason against a Pod that is new on the node. A refused Pod has failed for good. */
export function refusePod(pod: Pod, facts: AdmissionFacts): PodRefusal | undefined {
  for (const check of CHECKS) {
    const refusal = check(pod, facts)
    if (refusal) return refusal
  }
  return undefined
}
