import type { Taint } from '../../../shared/api/generated/core-v1.ts'
import type { Node } from '../../../shared/api/kinds.ts'
import { timestamp } from '../../../shared/clock.ts'
import { findCondition } from '../conditions.ts'
import { readinessOf } from './node-conditions.ts'

const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'
const PRESSURES = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
}

/** What these say follows from the node; all other taints are left alone. */
const OURS = [
  ...[NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...Object.values(PRESSURES)].map((key) => ({ key, effect: 'NoSchedule' })),
  ...[NOT_READY, UNREACHABLE].map((key) => ({ key, effect: 'NoExecute' })),
]

/** Whether an unreachable node is to lose its Pods; `as it is` where that is not known yet. */
export type Eviction = 'yes' | 'no' | 'as it is'

/** All taints the node should have; undefined where it has them. */
export function taintsToSet(node: Node, eviction: Eviction, nowMs: number): Taint[] | undefined {
  const current = node.spec.taints ?? []
  const wanted = [...noScheduleKeys(node).map(noSchedule), ...noExecuteKeys(node, eviction).map(noExecute)]
  const kept = current.filter((taint) => !includes(OURS, taint) || includes(wanted, taint))
  const added = wanted.filter((taint) => !includes(current, taint))
  if (added.length === 0 && kept.length === current.length) return undefined
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: timestamp(nowMs) }))]
}

function noScheduleKeys(node: Node): string[] {
  const pressures = Object.entries(PRESSURES).filter(
    ([type]) => findCondition(node.status?.conditions, type)?.status === 'True',
  )
  return [
    ...readinessKeys(node),
    ...pressures.map(([, key]) => key),
    ...(node.spec.unschedulable ? [UNSCHEDULABLE] : []),
  ]
}

function noExecuteKeys(node: Node, eviction: Eviction): string[] {
  switch (readinessOf(node)) {
    case 'True':
    case 'Absent':
      return []
    case 'False':
      return [NOT_READY]
    case 'Unknown': {
      const isEvicting = includes(node.spec.taints ?? [], noExecute(UNREACHABLE))
      return eviction === 'yes' || (eviction === 'as it is' && isEvicting) ? [UNREACHABLE] : []
    }
  }
}

function readinessKeys(node: Node): string[] {
  switch (readinessOf(node)) {
    case 'True':
      return []
    case 'False':
    case 'Absent':
      return [NOT_READY]
    case 'Unknown':
      return [UNREACHABLE]
  }
}

const noSchedule = (key: string): Taint => ({ key, effect: 'NoSchedule' })
const noExecute = (key: string): Taint => ({ key, effect: 'NoExecute' })

function includes(taints: readonly Taint[], { key, effect }: Taint): boolean {
  return taints.some((taint) => taint.key === key && taint.effect === effect)
}
