import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import { containerStatusesOf } from '../container-statuses.ts'
import type { ContainerState } from '../runtime/runtime.ts'
import { stopWithin } from './container-stop.ts'
import type { PlanBuilder, StartContainer } from './plan.ts'
import type { PodSituation } from './pod-actions.ts'
import type { StopReason } from './pod-memory.ts'
import { type ExitedContainer, isExited } from './pod-observation.ts'
import { isBeforePostStart } from './post-start.ts'
import { resizeOf, resizeTryOf } from './resize/resize-actions.ts'
import { keptBackoffMs, nextBackoffMs, restartAtMs } from './restart-backoff.ts'
import { isInitContainer, isRestartedAfter, isSidecar } from './restart-policy.ts'
import { containerResources } from './spec/container-resources.ts'
import { specHash } from './spec-hash.ts'
import { targetContainerId } from './target-container.ts'

/** Adds what one container needs, given its newest instance. */
export function planContainer(
  situation: PodSituation,
  container: Container,
  latest: ContainerState | undefined,
  plan: PlanBuilder,
): void {
  if (!latest) plan.start(startOf(situation, container, undefined), situation.memory)
  else if (isExited(latest)) planExited(situation, container, latest, plan)
  else if (latest.state.phase === 'running') planRunning(situation, container, latest, plan)
  else planCreated(situation, container, latest, plan)
}

/** The action that starts a container after `before`. */
export function startOf(
  situation: PodSituation,
  container: Container,
  before: ContainerState | undefined,
): StartContainer {
  const targetId = targetContainerId(container, situation.observed)
  return {
    type: 'startContainer',
    container,
    ...(targetId === undefined ? {} : { targetId }),
    restartCount: before ? before.restartCount + 1 : restartCountAsTold(situation.pod, container),
    backoffMs: isExited(before) && before.specHash === specHash(container) ? nextBackoffMs(before) : 0,
  }
}

/** An agent that died between create and start left it: it never ran, so the next takes its place and its number. */
function planCreated(situation: PodSituation, container: Container, latest: ContainerState, plan: PlanBuilder): void {
  const { memory } = situation
  if (!plan.isDue(memory.startFailures.get(container.name)?.retryAtMs)) return
  plan.add({ type: 'removeContainer', id: latest.id })
  const { restartCount } = latest
  const again = { ...startOf(situation, container, undefined), restartCount, backoffMs: keptBackoffMs(latest) }
  plan.start(again, memory)
}

function planRunning(situation: PodSituation, container: Container, latest: ContainerState, plan: PlanBuilder): void {
  const { pod, memory } = situation
  const why = reasonToStop(situation, container, latest)
  if (why) {
    stopWithin(situation, latest, why, graceSecondsFor(why, pod, container), plan)
    return
  }
  if (resizeOf(container, latest) === 'update' && plan.isDue(resizeTryOf(container, latest, memory)?.retryAtMs)) {
    plan.add({ type: 'resizeContainer', target: latest, resources: containerResources(container) })
  }
  const hook = container.lifecycle?.postStart
  const isDueToRun = !memory.postStarts.has(latest.id) && isBeforePostStart(pod, container, latest, memory)
  if (hook && isDueToRun) plan.add({ type: 'runPostStart', target: latest, container, hook })
}

/** A probe may have a grace period of its own. */
function graceSecondsFor(why: StopReason, pod: Pod, { livenessProbe, startupProbe }: Container): number {
  const probe = why === 'livenessFailed' ? livenessProbe : why === 'startupFailed' ? startupProbe : undefined
  return probe?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30
}

function reasonToStop(situation: PodSituation, container: Container, running: ContainerState): StopReason | undefined {
  const { pod, memory, givenUp } = situation
  const begun = memory.stopping.get(running.id)?.why
  if (begun) return begun
  if (memory.postStarts.get(running.id) === 'failed') return 'postStartFailed'
  const isReplaced = running.specHash !== specHash(container)
  // An init container is let run to its end, as it was when it was started.
  if (isReplaced && (!isInitContainer(pod, container) || isSidecar(pod, container))) return 'definitionChanged'
  if (resizeOf(container, running) === 'restart') return 'resized'
  return givenUp.get(running.id)
}

function planExited(situation: PodSituation, container: Container, latest: ExitedContainer, plan: PlanBuilder): void {
  const { pod, memory, nowMs } = situation
  // A new definition is started whatever the restartPolicy says, if the old one was ended for it.
  const replaced = isReplacing(memory.stopping.get(latest.id)?.why)
  const restarted = isRestartedAfter(pod, container, latest.state.exitCode)
  if (!restarted && !replaced) return
  const isDue = plan.isDueByWallClock(restartAtMs(latest, specHash(container), nowMs))
  const mayRetry = plan.isDue(memory.startFailures.get(container.name)?.retryAtMs)
  if (isDue && mayRetry) plan.add(startOf(situation, container, latest))
}

/** It was ended only to make way for another of its kind. */
export function isReplacing(why: StopReason | undefined): boolean {
  return why === 'definitionChanged' || why === 'resized'
}

/** For a container of which the runtime shows nothing. The status of one that was lost counts its restart already. */
function restartCountAsTold(pod: Pod, container: Container): number {
  const told = containerStatusesOf(pod.status).find(({ name }) => name === container.name)
  return (told?.restartCount ?? 0) + (told?.containerID === undefined ? 0 : 1)
}
