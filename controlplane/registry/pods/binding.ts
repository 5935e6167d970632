import { ApiError } from '../../../shared/api/api-error.ts'
import type { PodCondition } from '../../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { timestamp } from '../../../shared/clock.ts'
import { cloneJson } from '../clone-json.ts'

/** The Pod on the node that `proposed.spec.nodeName` names. A Pod is bound once; this never moves one. */
export function bindPod(current: Persisted<Pod>, proposed: Pod, nowMs: number): Pod {
  const nodeName = proposed.spec?.nodeName
  if (!nodeName) throw ApiError.badRequest('target.name is required')
  const why = whyNot(current)
  if (why) throw ApiError.conflict({ group: '', plural: 'pods/binding' }, current.metadata.name, why)
  const draft = cloneJson<Pod>(current)
  for (const field of ['annotations', 'labels'] as const) {
    const merged = { ...draft.metadata[field], ...proposed.metadata?.[field] }
    if (Object.keys(merged).length > 0) draft.metadata[field] = merged
  }
  draft.spec.nodeName = nodeName
  const { nominatedNodeName: _, ...status } = draft.status ?? {}
  draft.status = { ...status, conditions: scheduled(status.conditions, nowMs) }
  return draft
}

function whyNot({ metadata, spec }: Persisted<Pod>): string | undefined {
  if (metadata.deletionTimestamp) return `pod ${metadata.name} is being deleted, cannot be assigned to a host`
  if (spec.nodeName) return `pod ${metadata.name} is already assigned to node ${JSON.stringify(spec.nodeName)}`
  if (spec.schedulingGates?.length) return `pod ${metadata.name} has non-empty .spec.schedulingGates`
  return undefined
}

function scheduled(conditions: readonly PodCondition[] = [], nowMs: number): PodCondition[] {
  const condition = { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(nowMs) }
  return [...conditions.filter(({ type }) => type !== 'PodScheduled'), condition]
}
