import { isDeepStrictEqual } from 'node:util'
import type { PodCondition, PodStatus } from '../../shared/api/generated/core-v1.ts'
import { isFinalPhase } from '../../shared/pod-phase.ts'

/** Fields that are the agent's: a report without one says that there is none. The rest of a status is others' work. */
const AGENT_FIELDS = [
  'phase',
  'message',
  'reason',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
] as const satisfies readonly (keyof PodStatus)[]

const AGENT_CONDITIONS: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'ContainersReady',
  'Ready',
  'PodResizePending',
  'PodResizeInProgress',
])

export type PodStatusChange =
  | { kind: 'changed'; status: PodStatus }
  | { kind: 'same' }
  /** The Pod has ended before; nothing brings it back to life. */
  | { kind: 'ended' }

/** A Pod's status after an agent's report. `now` is RFC 3339. */
export function mergePodStatus(current: PodStatus | undefined, report: PodStatus, now: string): PodStatusChange {
  if (isFinalPhase(current?.phase) && current?.phase !== report.phase) return { kind: 'ended' }
  const rest: PodStatus = { ...current }
  for (const field of AGENT_FIELDS) delete rest[field]
  const status: PodStatus = {
    ...rest,
    ...report,
    // When a Pod was first seen by a node does not change with a restart of the agent.
    ...(current?.startTime ? { startTime: current.startTime } : {}),
    conditions: mergeConditions(current?.conditions ?? [], report.conditions ?? [], now),
  }
  return isDeepStrictEqual(normal(status), normal(current ?? {})) ? { kind: 'same' } : { kind: 'changed', status }
}

function mergeConditions(current: readonly PodCondition[], reported: readonly PodCondition[], now: string) {
  const others = current.filter(
    ({ type }) => !AGENT_CONDITIONS.has(type) && !reported.some((condition) => condition.type === type),
  )
  const own = reported.map((condition): PodCondition => {
    const before = current.find(({ type }) => type === condition.type)
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined
    return { ...condition, lastTransitionTime: since ?? condition.lastTransitionTime ?? now }
  })
  return [...own, ...others]
}

/** Neither the order of conditions nor an absent list makes a difference. */
function normal(status: PodStatus): unknown {
  const conditions = [...(status.conditions ?? [])].sort((a, b) => (a.type < b.type ? -1 : 1))
  return JSON.parse(JSON.stringify({ ...status, conditions }))
}
