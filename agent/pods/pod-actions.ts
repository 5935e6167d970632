import type { Pod } from '../../shared/api/generated/core-v1.ts'
import type { ContainerState } from '../runtime/runtime.ts'
import { planContainer, startOf } from './container-actions.ts'
import { type Plan, PlanBuilder } from './plan.ts'
import type { PodMemory, StopReason } from './pod-memory.ts'
import { attemptsOf, isExited, type PodObservation, runningContainers } from './pod-observation.ts'
import { isLost, isRestartedAfter } from './restart-policy.ts'

export interface PodSituation {
  pod: Pod
  observed: PodObservation
  memory: PodMemory
  /** Ids of containers whose liveness or startup probe gave them up. */
  givenUp: ReadonlyMap<string, StopReason>
  nowMs: number
}

/** What to do now for a Pod that is to run. Pure: the same situation gives the same plan. */
export function planSync(situation: PodSituation): Plan {
  const plan = new PlanBuilder(situation.nowMs)
  const { pod, observed, memory } = situation
  const strays = runningContainers(observed).filter(({ sandboxId }) => sandboxId !== observed.sandbox?.id)
  for (const stray of strays) plan.stop(stray, 'sandboxGone', graceSecondsOf(pod), memory)
  if (strays.length > 0) return plan.done()
  if (observed.sandbox) planContainers(situation, observed.sandbox.id, plan)
  else if (needsSandbox(situation)) planSandbox(situation, plan)
  forgetOldAttempts(observed, plan)
  return plan.done()
}

/** Ends whatever runs, for a Pod that has reached its end but is not deleted: its containers stay, for their logs. */
export function planFinish({ pod, observed, memory, nowMs }: PodSituation): Plan {
  const plan = new PlanBuilder(nowMs)
  const running = runningContainers(observed)
  for (const container of running) plan.stop(container, 'podEnds', graceSecondsOf(pod), memory)
  if (running.length === 0 && observed.sandbox) plan.add({ type: 'stopSandbox', id: observed.sandbox.id })
  return plan.done()
}

/** Ends what runs, by `deadlineMs` at the latest, and then removes everything of the Pod. */
export function planTermination(
  situation: Pick<PodSituation, 'observed' | 'memory' | 'nowMs'>,
  deadlineMs: number,
): Plan {
  const { observed, memory, nowMs } = situation
  const plan = new PlanBuilder(nowMs)
  const running = runningContainers(observed)
  for (const container of running) plan.stopBy(container, 'podEnds', deadlineMs, memory)
  if (running.length > 0) return plan.done()
  for (const { id } of observed.containers) plan.add({ type: 'removeContainer', id })
  for (const { id } of observed.deadSandboxes) plan.add({ type: 'removeSandbox', id })
  if (observed.sandbox) plan.add({ type: 'removeSandbox', id: observed.sandbox.id })
  if (observed.hasVolumes) plan.add({ type: 'removeVolumes' })
  return plan.done()
}

export function graceSecondsOf(pod: Pod): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30
}

function planSandbox({ observed, memory }: PodSituation, plan: PlanBuilder): void {
  if (!plan.isDue(memory.sandboxRetryAtMs)) return
  for (const { id } of observed.deadSandboxes) plan.add({ type: 'removeSandbox', id })
  plan.add({ type: 'runSandbox', replacesDead: observed.containers.length > 0 })
}

/** A Pod whose containers are all done, by its restartPolicy, gets no new sandbox. */
function needsSandbox({ pod, observed }: PodSituation): boolean {
  if (pod.spec?.restartPolicy === 'Never' && hadItsChance(pod, observed)) return false
  return (pod.spec?.containers ?? []).some((container) => {
    const latest = attemptsOf(observed, container.name)[0]
    if (isExited(latest)) return isRestartedAfter(pod, latest.state.exitCode, false)
    return latest !== undefined || !isLost(pod, container.name)
  })
}

function hadItsChance(pod: Pod, observed: PodObservation): boolean {
  return observed.containers.some((found) => isExited(found) && (isMain(pod, found) || found.state.exitCode !== 0))
}

function planContainers(situation: PodSituation, sandboxId: string, plan: PlanBuilder): void {
  const containers = situation.pod.spec?.containers ?? []
  if (!planInitContainers(situation, sandboxId, plan)) return
  for (const container of containers) {
    const latest = attemptsOf(situation.observed, container.name)[0]
    if (!latest && isLost(situation.pod, container.name)) continue
    planContainer(situation, container, latest, plan)
  }
}

/** One after the other, each to its success. True when all are through, in this sandbox. */
function planInitContainers(situation: PodSituation, sandboxId: string, plan: PlanBuilder): boolean {
  const { pod, observed } = situation
  const begun = observed.containers.some((found) => found.sandboxId === sandboxId && isMain(pod, found))
  if (begun) return true
  for (const container of pod.spec?.initContainers ?? []) {
    const attempts = attemptsOf(observed, container.name)
    const latest = attempts.find((attempt) => attempt.sandboxId === sandboxId)
    if (isExited(latest) && latest.state.exitCode === 0) continue
    if (latest || attempts.length === 0) planContainer(situation, container, latest, plan)
    else plan.start(startOf(situation, container, attempts[0]), situation.memory)
    return false
  }
  return true
}

function isMain(pod: Pod, { name }: ContainerState): boolean {
  return pod.spec?.containers.some((container) => container.name === name) ?? false
}

/** The newest and the one before it stay, for `logs --previous`. */
function forgetOldAttempts(observed: PodObservation, plan: PlanBuilder): void {
  for (const name of new Set(observed.containers.map(({ name }) => name))) {
    const old = attemptsOf(observed, name).slice(2)
    for (const attempt of old) if (isExited(attempt)) plan.add({ type: 'removeContainer', id: attempt.id })
  }
}
