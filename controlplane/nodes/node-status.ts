import { isDeepStrictEqual } from 'node:util'
import { canonicalQuantity } from '../../shared/api/canonical-quantity.ts'
import type { NodeCondition, NodeStatus } from '../../shared/api/generated/core-v1.ts'

/** What an agent that says nothing of its readiness means by being there. */
const READY: NodeCondition = {
  type: 'Ready',
  status: 'True',
  reason: 'KubeletReady',
  message: 'kubelet is posting ready status',
}

/**
 * The Node status after an agent's report, or undefined where the report says nothing new. Fields and conditions that
 * agents do not report stay. `now` is RFC 3339.
 */
export function mergeNodeStatus(
  current: NodeStatus | undefined,
  report: NodeStatus,
  now: string,
): NodeStatus | undefined {
  const reported = withReady(report.conditions ?? [])
  const amounts = canonicalAmounts(report)
  const merged = {
    ...current,
    ...report,
    ...amounts,
    conditions: mergeConditions(current?.conditions ?? [], reported, now),
  }
  return isDeepStrictEqual(withoutHeartbeats(merged), withoutHeartbeats(current ?? {})) ? undefined : merged
}

/** As the API keeps them: another way to write the same amount is no news. */
function canonicalAmounts({ capacity, allocatable }: NodeStatus): Pick<NodeStatus, 'capacity' | 'allocatable'> {
  return {
    ...(capacity ? { capacity: canonical(capacity) } : {}),
    ...(allocatable ? { allocatable: canonical(allocatable) } : {}),
  }
}

function canonical(amounts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).map(([name, text]) => [name, canonicalQuantity(text) ?? text]))
}

function withReady(conditions: readonly NodeCondition[]): NodeCondition[] {
  return conditions.some(({ type }) => type === 'Ready') ? [...conditions] : [...conditions, READY]
}

function mergeConditions(current: readonly NodeCondition[], reported: readonly NodeCondition[], now: string) {
  const others = current.filter(({ type }) => !reported.some((condition) => condition.type === type))
  const own = reported.map((condition): NodeCondition => {
    const before = current.find(({ type }) => type === condition.type)
    const unchanged = before?.status === condition.status
    return {
      ...condition,
      lastHeartbeatTime: now,
      lastTransitionTime: (unchanged && before.lastTransitionTime) || now,
    }
  })
  return [...others, ...own]
}

/** Heartbeats are told by the Lease: a status is not written for their sake. */
function withoutHeartbeats(status: NodeStatus): NodeStatus {
  const conditions = (status.conditions ?? []).map(({ lastHeartbeatTime: _, ...condition }) => condition)
  return { ...status, conditions: conditions.sort((a, b) => (a.type < b.type ? -1 : 1)) }
}
