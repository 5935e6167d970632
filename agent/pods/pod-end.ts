import type { Pod, PodStatus } from '../../shared/api/generated/core-v1.ts'
import { isFinalPhase } from '../../shared/pod-phase.ts'
import type { Eviction } from '../eviction/eviction-manager.ts'
import type { PodRefusal } from './admission/pod-admission.ts'
import type { PodEnd } from './status/status-input.ts'

const EVICTIONS: readonly Eviction['reason'][] = ['Evicted', 'Preempting']

/** The end that the API already knows of, whoever wrote it: such a Pod is not started again. */
export function endInApi({ status }: Pod): PodEnd | undefined {
  const { phase, reason, message } = status ?? {}
  if (!isFinalPhase(phase)) return undefined
  const words = { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) }
  return { phase, ...words, leavesNothing: EVICTIONS.some((eviction) => eviction === reason) }
}

/** The end of a Pod that has been active for longer than its `activeDeadlineSeconds`. */
export function endByDeadline(deadlineMs: number | undefined, nowMs: number): EndWithWords | undefined {
  if (deadlineMs === undefined || nowMs < deadlineMs) return undefined
  const message = 'Pod was active on the node longer than the specified deadline'
  return { phase: 'Failed', reason: 'DeadlineExceeded', message }
}

/** The end of a Pod that the node has not taken. */
export function endByRefusal({ reason, message }: PodRefusal): EndWithWords {
  return { phase: 'Failed', reason, message: `Pod was rejected: ${message}`, isRejected: true }
}

type EndWithWords = PodEnd & { reason: string; message: string }

/** What it used is needed. */
export function endByEviction(eviction: Eviction): EndWithWords {
  return { phase: 'Failed', ...eviction, leavesNothing: true }
}

/** `activeDeadlineSeconds` after the Pod was first seen on its node. */
export function activeDeadlineMs({ spec }: Pod, status: PodStatus | undefined): number | undefined {
  if (spec?.activeDeadlineSeconds === undefined || status?.startTime === undefined) return undefined
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000
}
