import type { PodStatus } from '../../../shared/api/generated/core-v1.ts'
import { RESIZE_CONDITIONS } from './resource-status.ts'

const OWN = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', ...RESIZE_CONDITIONS])

/** The status as it was: ours as we last computed it, conditions that others write as the API has them now. */
export function mergeStatus(fromApi: PodStatus | undefined, computed: PodStatus | undefined): PodStatus | undefined {
  if (!computed) return fromApi
  const foreign = (fromApi?.conditions ?? []).filter(({ type }) => !OWN.has(type))
  const others = (computed.conditions ?? []).filter(({ type }) => !foreign.some((condition) => condition.type === type))
  return { ...computed, conditions: [...others, ...foreign] }
}
