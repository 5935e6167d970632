import type { PodStatus } from '../../../shared/api/generated/core-v1.ts'
import { timestamp } from '../../../shared/clock.ts'
import { isFinalPhase } from '../../../shared/pod-phase.ts'
import { ephemeralContainersOf } from '../ephemeral-containers.ts'
import { runningContainers } from '../pod-observation.ts'
import { containerStatus } from './container-status.ts'
import { podConditions } from './pod-conditions.ts'
import { podPhase } from './pod-phase.ts'
import { resizeConditions } from './resource-status.ts'
import type { StatusInput } from './status-input.ts'

/**
 * What the API shall say of the Pod. Pure. A phase that is Succeeded or Failed stays so, and comes only when nothing runs
 * any more: others rely on what the Pod held being free.
 */
export function podStatus(input: StatusInput): PodStatus {
  return wasRejected(input) ? rejectedStatus(input) : fullStatus(input)
}

/** It has ended without ever having had containers to show. */
function wasRejected({ previous, ending }: StatusInput): boolean {
  return ending?.isRejected ?? (previous?.phase === 'Failed' && previous.containerStatuses === undefined)
}

function rejectedStatus(input: StatusInput): PodStatus {
  const { previous, nowMs } = input
  return {
    ...kept(input, true),
    phase: 'Failed',
    ...(previous?.conditions ? { conditions: previous.conditions } : {}),
    startTime: previous?.startTime ?? timestamp(nowMs),
  }
}

function fullStatus(input: StatusInput): PodStatus {
  const { pod, observed, previous, nowMs, ending } = input
  const initStatuses = (pod.spec?.initContainers ?? []).map((container) => containerStatus(input, container))
  const statuses = (pod.spec?.containers ?? []).map((container) => containerStatus(input, container))
  // Nobody waits for these to be ready.
  const ephemeralStatuses = ephemeralContainersOf(pod).map((container) => {
    const { started: _, ...status } = containerStatus(input, container)
    return { ...status, ready: false }
  })
  const computed = ending?.phase ?? podPhase(pod, initStatuses, statuses, ending !== undefined)
  const outcome = isFinalPhase(previous?.phase) ? previous.phase : computed
  const isTooEarly = isFinalPhase(computed) && runningContainers(observed).length > 0
  const isRunning = podPhase(pod, initStatuses, statuses, false) === 'Running'
  const early = isRunning ? 'Running' : (previous?.phase ?? 'Pending')
  const phase = isTooEarly ? early : outcome
  const hasSandbox = observed.sandbox !== undefined && (observed.sandbox.ip !== undefined || usesHostNetwork(input))
  return {
    ...kept(input, isFinalPhase(phase)),
    phase,
    conditions: podConditions({
      pod,
      phase: outcome,
      initStatuses,
      statuses,
      hasSandbox,
      previous,
      resize: resizeConditions(input),
      disruption: ending?.disruption,
      nowMs,
    }),
    ...addresses(input, isFinalPhase(phase)),
    startTime: previous?.startTime ?? timestamp(nowMs),
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: statuses,
    ...(ephemeralStatuses.length > 0 ? { ephemeralContainerStatuses: ephemeralStatuses } : {}),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  }
}

/** What is not the node's to decide, and why the Pod ended once it has. */
function kept({ pod, previous, ending }: StatusInput, hasEnded: boolean): PodStatus {
  const { reason = previous?.reason, message = previous?.message } = (hasEnded ? ending : undefined) ?? {}
  const { qosClass, nominatedNodeName } = pod.status ?? {}
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(qosClass === undefined ? {} : { qosClass }),
    ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
  }
}

function addresses(input: StatusInput, hasEnded: boolean): PodStatus {
  const [hostIP] = input.hostIPs
  const podIP = usesHostNetwork(input) ? hostIP : (input.observed.sandbox?.ip ?? keptPodIP(input, hasEnded))
  return {
    ...(hostIP === undefined ? {} : { hostIP, hostIPs: input.hostIPs.map((ip) => ({ ip })) }),
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
  }
}

/** A Pod that ends, or has ended, is still shown with the address it had. */
function keptPodIP({ ending, previous }: StatusInput, hasEnded: boolean): string | undefined {
  return ending || hasEnded ? previous?.podIP : undefined
}

function usesHostNetwork({ pod }: StatusInput): boolean {
  return pod.spec?.hostNetwork ?? false
}
