import type { PodStatus } from '../../../shared/api/generated/core-v1.ts'

const OWN = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'])

/** The status as it was: ours as we last computed it, conditions that others write as the API has them now. */
export function mergeStatus(fromApi: PodStatus | undefined, computed: PodStatus | undefined): PodStatus | undefined {
  if (!computed) return fromApi
  const foreign = (fromApi?.conditions ?? []).filter(({ type }) => !OWN.has(type))
  return { ...computed, conditions: [...(computed.conditions ?? []), ...foreign] }
}
