import type { Container } from '../../shared/api/generated/core-v1.ts'
import type { ContainerState } from '../runtime/runtime.ts'
import { planContainer, startOf } from './container-actions.ts'
import type { PlanBuilder } from './plan.ts'
import type { PodSituation } from './pod-actions.ts'
import { attemptsOf, isExited } from './pod-observation.ts'
import { isBeforePostStart } from './post-start.ts'
import { isSidecar } from './restart-policy.ts'

/**
 * One init container after the other, in this sandbox: each to its success, a sidecar until it has started. Whatever
 * comes before one that has begun is through, even if nothing is left of it; only sidecars are kept running. True when
 * all are through.
 */
export function planInitContainers(situation: PodSituation, sandboxId: string, plan: PlanBuilder): boolean {
  const { initContainers = [] } = situation.pod.spec ?? {}
  const furthest = furthestBegun(situation, sandboxId)
  for (const [index, container] of initContainers.entries()) {
    const latest = instanceIn(situation, sandboxId, container)
    if (index < furthest) keepSidecar(situation, container, latest, plan)
    else if (!takeStep(situation, container, latest, plan)) return false
  }
  return true
}

/** The number of the last init container with an instance in the sandbox; past them all once a main one has begun. */
function furthestBegun(situation: PodSituation, sandboxId: string): number {
  const { containers = [], initContainers = [] } = situation.pod.spec ?? {}
  const hasBegun = (container: Container) => instanceIn(situation, sandboxId, container) !== undefined
  return containers.some(hasBegun) ? initContainers.length : initContainers.findLastIndex(hasBegun)
}

function instanceIn({ observed }: PodSituation, sandboxId: string, { name }: Container): ContainerState | undefined {
  return attemptsOf(observed, name).find((attempt) => attempt.sandboxId === sandboxId)
}

function keepSidecar(
  situation: PodSituation,
  container: Container,
  latest: ContainerState | undefined,
  plan: PlanBuilder,
): void {
  if (isSidecar(situation.pod, container)) planInSandbox(situation, container, latest, plan)
}

/** True when the next one may begin. */
function takeStep(
  situation: PodSituation,
  container: Container,
  latest: ContainerState | undefined,
  plan: PlanBuilder,
): boolean {
  const { pod, memory, isStarted } = situation
  if (!isSidecar(pod, container) && isExited(latest) && latest.state.exitCode === 0) return true
  planInSandbox(situation, container, latest, plan)
  if (!isSidecar(pod, container) || latest?.state.phase !== 'running') return false
  return isStarted(latest.id) && !isBeforePostStart(pod, container, latest, memory)
}

/** Where there are instances of earlier sandboxes only, the next one counts on from them, and waits for nothing. */
function planInSandbox(
  situation: PodSituation,
  container: Container,
  latest: ContainerState | undefined,
  plan: PlanBuilder,
): void {
  const [before] = attemptsOf(situation.observed, container.name)
  if (latest || !before) planContainer(situation, container, latest, plan)
  else plan.start(startOf(situation, container, before), situation.memory)
}
