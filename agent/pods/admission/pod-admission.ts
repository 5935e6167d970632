import type { Node, Pod } from '../../../shared/api/generated/core-v1.ts'
import { isCriticalPod } from '../../eviction/critical-pod.ts'
import { refuseAppArmor } from './app-armor.ts'
import { refuseHostPorts } from './host-ports.ts'
import { refuseOtherNodes, refuseTainted } from './node.ts'
import { missingOf, podsToPreempt } from './preemption.ts'
import { refuseUnderPressure } from './pressure.ts'
import { refusalForShortage, resourceShortages, type Shortage } from './resources.ts'
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
  /** Its labels and taints; undefined where they are not known. */
  node: Pick<Node, 'metadata' | 'spec'> | undefined
  /** Those that the node has admitted and that have not ended. */
  others: readonly Pod[]
  /** Those that are to run here, with the resources that they have been given. */
  holders: readonly Pod[]
}

export type AdmissionCheck = (pod: Pod, facts: AdmissionFacts) => PodRefusal | undefined

/** A refused Pod has failed for good. A critical one that is taken may push others off the node. */
export type Admission = { taken: false; refusal: PodRefusal } | { taken: true; preempted: readonly Pod[] }

/** In the kubelet's order; resources come between them. */
const BEFORE_RESOURCES: readonly AdmissionCheck[] = [refuseUnderPressure, refuseSysctls]
const AFTER_RESOURCES: readonly AdmissionCheck[] = [refuseOtherNodes, refuseHostPorts, refuseTainted, refuseAppArmor]

/** Whether the node takes a Pod that is new on it: the first reason against it, if there is one. */
export function admitPod(pod: Pod, facts: AdmissionFacts): Admission {
  const shortages = resourceShortages(pod, facts)
  const isCritical = isCriticalPod(pod)
  const [shortage] = isCritical ? [] : shortages
  const refusal =
    firstRefusal(BEFORE_RESOURCES, pod, facts) ??
    (shortage && refusalForShortage(shortage)) ??
    firstRefusal(AFTER_RESOURCES, pod, facts)
  if (refusal) return { taken: false, refusal }
  const preempted = isCritical ? podsToPreempt(pod, facts.holders, shortages) : []
  return preempted ? { taken: true, preempted } : { taken: false, refusal: noRoomToMake(shortages) }
}

function firstRefusal(checks: readonly AdmissionCheck[], pod: Pod, facts: AdmissionFacts): PodRefusal | undefined {
  for (const check of checks) {
    const refusal = check(pod, facts)
    if (refusal) return refusal
  }
  return undefined
}

function noRoomToMake(shortages: readonly Shortage[]): PodRefusal {
  const missing = [...missingOf(shortages)].map(([name, amount]) => `(res: ${name}, q: ${amount}), `).join('')
  const why = `error finding a set of pods to preempt: no set of running pods found to reclaim resources: [${missing}]`
  const message = `Unexpected error while attempting to recover from admission failure: preemption: ${why}`
  return { reason: 'UnexpectedAdmissionError', message }
}
