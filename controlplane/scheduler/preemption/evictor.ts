import { isApiError } from '../../../shared/api/api-error.ts'
import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { type Clock, timestamp } from '../../../shared/clock.ts'
import type { Client } from '../../client/client.ts'
import type { EventRecorder } from '../../reconcile/event-recorder.ts'
import { setPodCondition } from '../pod-condition.ts'
import type { PodInfo } from '../pod-info.ts'

export interface EvictorDeps {
  readonly client: Client
  readonly clock: Clock
  readonly eventRecorder: EventRecorder
}

/** Says on the victim why it has to go, deletes it with its grace, and tells its user. Gone already is as good. */
export async function evict({ pod: victim }: PodInfo, preemptor: PodInfo, nodeName: string, deps: EvictorDeps) {
  const { client, eventRecorder } = deps
  const { uid } = victim.metadata
  try {
    await sayWhy(victim, preemptor, deps)
    await client.delete(PODS, victim.metadata, { preconditions: { uid } })
  } catch (error) {
    if (isApiError(error, 'NotFound') || isApiError(error, 'Conflict')) return
    throw error
  }
  eventRecorder.event(victim, 'Normal', 'Preempted', `Preempted by pod ${preemptor.uid} on node ${nodeName}`)
}

async function sayWhy(victim: Persisted<Pod>, preemptor: PodInfo, { client, clock }: EvictorDeps): Promise<void> {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${preemptor.pod.spec.schedulerName}: preempting to accommodate a higher priority pod`,
  }
  const change = (draft: Persisted<Pod>): false | void => {
    if (draft.metadata.uid !== victim.metadata.uid) return false
    draft.status = setPodCondition(draft.status, condition, timestamp(clock.now()))
  }
  await client.modify(PODS, victim.metadata, change, { status: true })
}
