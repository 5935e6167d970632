import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import { planContainer } from './container-actions.ts'
import type { PlanBuilder } from './plan.ts'
import type { PodSituation } from './pod-actions.ts'
import { attemptsOf } from './pod-observation.ts'
import { isLost } from './restart-policy.ts'

/** The containers that were added to a Pod while it runs, as others: but whatever the Pod says, they run only once. */
export function ephemeralContainersOf({ spec }: Pod): Container[] {
  return (spec?.ephemeralContainers ?? []).map((container) => ({ ...(container as Container), restartPolicy: 'Never' }))
}

export function isEphemeralContainer({ spec }: Pod, { name }: Pick<Container, 'name'>): boolean {
  return spec?.ephemeralContainers?.some((container) => container.name === name) ?? false
}

/** Starts those that have not run. They wait for nobody: they are there to see why others do not start. */
export function planEphemeralContainers(situation: PodSituation, plan: PlanBuilder): void {
  for (const container of ephemeralContainersOf(situation.pod)) {
    const latest = attemptsOf(situation.observed, container.name)[0]
    if (!latest && isLost(situation.pod, container)) continue
    if (!latest || latest.state.phase === 'created') planContainer(situation, container, latest, plan)
  }
}
