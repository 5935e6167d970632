import { PODS, type Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { type Clock, timestamp } from '../../shared/clock.ts'
import type { Client } from '../client/client.ts'

/** Why a Pod has no node yet, as its condition PodScheduled says it. */
export interface Unscheduled {
  readonly reason: 'Unschedulable' | 'SchedulerError' | 'SchedulingGated'
  readonly message: string
}

export function saysUnscheduled({ status }: Pod, { reason, message }: Unscheduled): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  return condition?.status === 'False' && condition.reason === reason && condition.message === message
}

/** Writes the condition, unless the Pod has it already, has got a node or is another one by now. */
export async function writeUnscheduled(
  client: Client,
  clock: Clock,
  { metadata }: Persisted<Pod>,
  why: Unscheduled,
): Promise<void> {
  const change = (draft: Persisted<Pod>): false | void => {
    if (draft.metadata.uid !== metadata.uid || draft.spec.nodeName || saysUnscheduled(draft, why)) return false
    const conditions = draft.status?.conditions ?? []
    const before = conditions.find(({ type }) => type === 'PodScheduled')
    const lastTransitionTime =
      before?.status === 'False' && before.lastTransitionTime ? before.lastTransitionTime : timestamp(clock.now())
    const condition = { type: 'PodScheduled', status: 'False', lastTransitionTime, ...why }
    draft.status = { ...draft.status, conditions: [...conditions.filter((other) => other !== before), condition] }
  }
  await client.modify(PODS, metadata, change, { status: true })
}
