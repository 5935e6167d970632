import type { Pod, PodStatus } from '../../../shared/api/generated/core-v1.ts'
import type { PodMemory } from '../pod-memory.ts'
import type { PodObservation } from '../pod-observation.ts'
import type { ResizeRefusal } from '../resize/pod-resize.ts'

/** What probes say of a container: without probes, started and ready as soon as it runs. */
export interface Health {
  started: boolean
  ready: boolean
}

/** All that a Pod's status follows from. */
export interface StatusInput {
  pod: Pod
  observed: PodObservation
  memory: PodMemory
  probes(containerId: string): Health
  /** What an ended container had to say; empty where that is nothing. */
  message(containerId: string): string
  /** As it was last; keeps times of transition, and what others wrote. */
  previous: PodStatus | undefined
  /** Why what it asks for now is not granted. */
  resize?: ResizeRefusal
  /** The node's addresses. */
  hostIPs: readonly string[]
  /** Set when nothing of it is started any more: by its own end, or because it is deleted. */
  ending?: PodEnd
  nowMs: number
  monotonicMs: number
}

export interface PodEnd {
  /** Where something other than its containers decided. */
  phase?: 'Succeeded' | 'Failed'
  reason?: string
  message?: string
  /** The node has not taken it: it has no containers to show. */
  isRejected?: true
  /** Instead of the Pod's own, for containers that still run. */
  graceSeconds?: number
  /** Nothing of it stays on the node once it has ended, not even its logs. */
  leavesNothing?: boolean
  /** The node ended it for reasons of its own: what the condition DisruptionTarget says of that. */
  disruption?: string
}
