import type { NodeCondition } from '../../../shared/api/generated/core-v1.ts'
import type { Node } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { timestamp } from '../../../shared/clock.ts'
import { findCondition } from '../conditions.ts'

/** What only the node itself can know. */
const REPORTED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** `Absent` is a node that has not reported yet. */
export function readinessOf({ status }: Node): 'True' | 'False' | 'Unknown' | 'Absent' {
  const ready = findCondition(status?.conditions, 'Ready')?.status
  return ready === undefined ? 'Absent' : ready === 'True' || ready === 'False' ? ready : 'Unknown'
}

/** The conditions of a node that is no longer heard; undefined where they say so already. */
export function unknownConditions(node: Persisted<Node>, nowMs: number): NodeCondition[] | undefined {
  const before = node.status?.conditions ?? []
  const others = before.filter(({ type }) => !REPORTED.includes(type))
  const unknown = REPORTED.map((type) => unknownCondition(node, type, timestamp(nowMs)))
  const isChanged = unknown.some((condition) => !before.includes(condition))
  return isChanged ? [...others, ...unknown] : undefined
}

function unknownCondition(node: Persisted<Node>, type: string, now: string): NodeCondition {
  const before = findCondition(node.status?.conditions, type)
  if (before?.status === 'Unknown') return before
  const common = { type, status: 'Unknown', lastTransitionTime: now }
  if (before) {
    const { lastHeartbeatTime } = before
    const message = 'Kubelet stopped posting node status.'
    return { ...common, reason: 'NodeStatusUnknown', message, ...(lastHeartbeatTime ? { lastHeartbeatTime } : {}) }
  }
  const message = 'Kubelet never posted node status.'
  return { ...common, reason: 'NodeStatusNeverUpdated', message, lastHeartbeatTime: node.metadata.creationTimestamp }
}
