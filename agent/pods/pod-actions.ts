import type { Pod } from '../../shared/api/generated/core-v1.ts'
import { planContainer } from './container-actions.ts'
import { stopBy, stopWithin } from './container-stop.ts'
import { planEphemeralContainers } from './ephemeral-containers.ts'
import { planInitContainers } from './init-containers.ts'
import { areAllDone, hasEnded, hasFailedInit, isOver } from './is-over.ts'
import { type Plan, PlanBuilder, type PlanTime } from './plan.ts'
import type { PodMemory, StopReason } from './pod-memory.ts'
import { attemptsOf, isExited, type PodObservation, runningContainers } from './pod-observation.ts'
import { isBeforePostStart } from './post-start.ts'
import { isLost } from './restart-policy.ts'
import type { PodEnd } from './status/status-input.ts'

export interface PodSituation extends PlanTime {
  pod: Pod
  observed: PodObservation
  memory: PodMemory
  /** Ids of containers whose liveness or startup probe gave them up. */
  givenUp: ReadonlyMap<string, StopReason>
  /** Whether a running container's startup probe, if it has one, has passed. */
  isStarted(containerId: string): boolean
  /** Monotonic: before that its clients are not done with a Pod that ends; absent: they are. */
  drainUntilMs?: number
}

/** What to do now for a Pod that is to run. Pure: the same situation gives the same plan. */
export function planSync(situation: PodSituation): Plan {
  const plan = new PlanBuilder(situation)
  const { pod, observed } = situation
  const strays = runningContainers(observed).filter(({ sandboxId }) => sandboxId !== observed.sandbox?.id)
  for (const stray of strays) stopWithin(situation, stray, 'sandboxGone', graceSecondsOf(pod), plan)
  if (strays.length > 0) return plan.done()
  if (observed.sandbox) planContainers(situation, observed.sandbox.id, plan)
  else if (needsSandbox(situation)) planSandbox(situation, plan)
  forgetOldAttempts(observed, plan)
  return plan.done()
}

/**
 * Ends whatever runs, for a Pod that has reached its end but is not deleted: its containers stay, for their logs, unless
 * it is to leave nothing.
 */
export function planFinish(situation: PodSituation, { graceSeconds, leavesNothing }: PodEnd = {}): Plan {
  const plan = new PlanBuilder(situation)
  const { observed } = situation
  endAll(situation, plan, graceSeconds)
  if (runningContainers(observed).length > 0) return plan.done()
  if (leavesNothing) removeAll(observed, plan)
  else if (observed.sandbox) plan.add({ type: 'stopSandbox', id: observed.sandbox.id })
  return plan.done()
}

/** Ends what runs, by `deadlineMs` (monotonic) at the latest, and then removes everything of the Pod. */
export function planTermination(situation: PodSituation, deadlineMs: number): Plan {
  const { observed } = situation
  const plan = new PlanBuilder(situation)
  const running = runningContainers(observed)
  for (const container of running) stopBy(situation, container, 'podEnds', deadlineMs, plan)
  if (running.length === 0) removeAll(observed, plan)
  return plan.done()
}

function graceSecondsOf(pod: Pod): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30
}

function endAll(situation: PodSituation, plan: PlanBuilder, graceSeconds = graceSecondsOf(situation.pod)): void {
  for (const container of runningContainers(situation.observed)) {
    stopWithin(situation, container, 'podEnds', graceSeconds, plan)
  }
}

function removeAll(observed: PodObservation, plan: PlanBuilder): void {
  for (const { id } of observed.containers) plan.add({ type: 'removeContainer', id })
  for (const { id } of observed.deadSandboxes) plan.add({ type: 'removeSandbox', id })
  if (observed.sandbox) plan.add({ type: 'removeSandbox', id: observed.sandbox.id })
  if (observed.hasVolumes) plan.add({ type: 'removeVolumes' })
}

function planSandbox({ observed, memory }: PodSituation, plan: PlanBuilder): void {
  if (!plan.isDue(memory.sandboxRetryAtMs)) return
  for (const { id } of observed.deadSandboxes) plan.add({ type: 'removeSandbox', id })
  plan.add({ type: 'runSandbox', replacesDead: observed.containers.length > 0 })
}

/** A Pod whose containers are all done, by its restartPolicy, gets no new sandbox. */
function needsSandbox(situation: PodSituation): boolean {
  const { restartPolicy, containers = [] } = situation.pod.spec ?? {}
  const hadItsChance = hasFailedInit(situation) || containers.some((container) => hasEnded(situation, container))
  return !(restartPolicy === 'Never' && hadItsChance) && !areAllDone(situation)
}

function planContainers(situation: PodSituation, sandboxId: string, plan: PlanBuilder): void {
  // Only sidecars can still be running.
  if (isOver(situation)) {
    endAll(situation, plan)
    return
  }
  planEphemeralContainers(situation, plan)
  if (planInitContainers(situation, sandboxId, plan)) planMainContainers(situation, plan)
}

/** In the order of the spec: one whose postStart hook has not returned holds up the start of those after it. */
function planMainContainers(situation: PodSituation, plan: PlanBuilder): void {
  const { pod, observed, memory } = situation
  let isHeldUp = false
  for (const container of pod.spec?.containers ?? []) {
    const latest = attemptsOf(observed, container.name)[0]
    if (!latest && isLost(pod, container)) continue
    if (isHeldUp && latest?.state.phase !== 'running') continue
    planContainer(situation, container, latest, plan)
    const isInHook = latest !== undefined && isBeforePostStart(pod, container, latest, memory)
    isHeldUp ||= isInHook || (container.lifecycle?.postStart !== undefined && plan.isStarting(container))
  }
}

/** The newest and the one before it stay, for `logs --previous`. */
function forgetOldAttempts(observed: PodObservation, plan: PlanBuilder): void {
  for (const name of new Set(observed.containers.map(({ name }) => name))) {
    const old = attemptsOf(observed, name).slice(2)
    for (const attempt of old) if (isExited(attempt)) plan.add({ type: 'removeContainer', id: attempt.id })
  }
}
