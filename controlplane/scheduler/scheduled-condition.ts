import { PODS, type Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { type Clock, timestamp } from '../../shared/clock.ts'
import type { Client } from '../client/client.ts'
import { setPodCondition } from './pod-condition.ts'

/** Why a Pod has no node yet, as its condition PodScheduled says it. */
export interface Unscheduled {
  readonly reason: 'Unschedulable' | 'SchedulerError' | 'SchedulingGated'
  readonly message: string
  /** Where others make room for it; empty: nowhere. Absent: nothing new. */
  readonly nominatedNodeName?: string
}

export function saysUnscheduled({ status }: Pod, { reason, message }: Unscheduled): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return condition?.status === 'False' && condition.reason === reason && condition.message === message
}

/** Writes the condition and the nomination, unless the Pod says so already, has got a node or is another one by now. */
export async function writeUnscheduled(
  client: Client,
  clock: Clock,
  pod: Persisted<Pod>,
  why: Unscheduled,
): Promise<void> {
  const change = (draft: Persisted<Pod>): false | void => {
    if (draft.metadata.uid !== pod.metadata.uid || draft.spec.nodeName || saysAll(draft, why)) return false
    const { reason, message, nominatedNodeName } = why
    const condition = { type: 'PodScheduled', status: 'False', reason, message }
    draft.status = setPodCondition(draft.status, condition, timestamp(clock.now()))
    if (nominatedNodeName) draft.status.nominatedNodeName = nominatedNodeName
    else if (nominatedNodeName === '') delete draft.status.nominatedNodeName
  }
  await client.modify(PODS, pod.metadata, change, { status: true })
}

/** Of the nomination, too. */
export function saysAll(pod: Pod, why: Unscheduled): boolean {
  const nominated = pod.status?.nominatedNodeName ?? ''
  return saysUnscheduled(pod, why) && (why.nominatedNodeName ?? nominated) === nominated
}
