import type { PodCondition, PodStatus } from '../../shared/api/generated/core-v1.ts'

/** The status with this condition of its type, whose time of transition stays with its `status`. `now` is RFC 3339. */
export function setPodCondition(status: PodStatus | undefined, condition: PodCondition, now: string): PodStatus {
  const conditions = status?.conditions ?? []
  const before = conditions.find(({ type }) => type === condition.type)
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined
  const others = conditions.filter((other) => other !== before)
  return { ...status, conditions: [...others, { ...condition, lastTransitionTime: since ?? now }] }
}
