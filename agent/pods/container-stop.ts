import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import type { ContainerState } from '../runtime/runtime.ts'
import type { PlanBuilder } from './plan.ts'
import type { PodSituation } from './pod-actions.ts'
import type { Stopping, StopReason } from './pod-memory.ts'
import { runningContainers } from './pod-observation.ts'
import { isSidecar } from './restart-policy.ts'

/** What a container gets at least between its stop signal and KILL where its hook, or others, took the grace period. */
const EXTENSION_MS = 2_000
/** How long after a KILL that showed no effect to send another. */
const KILL_AGAIN_MS = 10_000

/** Adds the next step of a container's end, which is to come within so long. */
export function stopWithin(
  situation: PodSituation,
  target: ContainerState,
  why: StopReason,
  graceSeconds: number,
  plan: PlanBuilder,
): void {
  const { memory, monotonicMs } = situation
  const killAtMs = memory.stopping.get(target.id)?.killAtMs ?? monotonicMs + graceSeconds * 1000
  stopBy(situation, target, why, killAtMs, plan)
}

/**
 * Adds the next step of a container's end: its preStop hook, then its stop signal once it is its turn and the Pod is
 * drained, KILL at the deadline, and KILL again while that shows no effect. Without any time left it is killed at once.
 */
export function stopBy(
  situation: PodSituation,
  target: ContainerState,
  why: StopReason,
  killAtMs: number,
  plan: PlanBuilder,
): void {
  const stopping = situation.memory.stopping.get(target.id)
  if (!stopping) begin(situation, target, why, killAtMs, plan)
  else if (stopping.toldAtMs === undefined) tellInTime(situation, target, stopping, killAtMs, plan)
  else killInTime(target, stopping, killAtMs, plan)
}

function begin(
  situation: PodSituation,
  target: ContainerState,
  why: StopReason,
  killAtMs: number,
  plan: PlanBuilder,
): void {
  const container = containerOf(situation.pod, target)
  const preStop = container?.lifecycle?.preStop
  if (plan.isDue(killAtMs)) plan.add({ type: 'killContainer', target, why, killAtMs })
  else if (container && preStop) plan.add({ type: 'beginStop', target, container, why, killAtMs, preStop })
  else if (container && isHeldUp(situation, target, why, plan))
    plan.add({ type: 'beginStop', target, container, why, killAtMs })
  else plan.add({ type: 'stopContainer', target, why, killAtMs })
}

function tellInTime(
  situation: PodSituation,
  target: ContainerState,
  { why, inPreStop }: Stopping,
  killAtMs: number,
  plan: PlanBuilder,
): void {
  // Asked for in any case: the plan must wake for it.
  const isHeld = isHeldUp(situation, target, why, plan)
  const isWaiting = inPreStop || isHeld
  if (isWaiting && !plan.isDue(killAtMs)) return
  const notKilledBeforeMs = situation.monotonicMs + EXTENSION_MS
  plan.add({ type: 'stopContainer', target, why, killAtMs, notKilledBeforeMs })
}

function killInTime(target: ContainerState, stopping: Stopping, killAtMs: number, plan: PlanBuilder): void {
  const { why, notKilledBeforeMs = 0, killedAtMs } = stopping
  const isDue = plan.isDue(Math.max(killAtMs, notKilledBeforeMs))
  const isAgainDue = isDue && plan.isDue(killedAtMs === undefined ? undefined : killedAtMs + KILL_AGAIN_MS)
  if (isAgainDue) plan.add({ type: 'killContainer', target, why, killAtMs })
}

/** Clients are not done with the Pod, or others are to end before this one. */
function isHeldUp(situation: PodSituation, target: ContainerState, why: StopReason, plan: PlanBuilder): boolean {
  const isDrained = why !== 'podEnds' || plan.isDue(situation.drainUntilMs)
  return !isDrained || !isItsTurn(situation, target, why)
}

/** When a Pod ends, its sidecars end after the containers that they serve: the main ones, and sidecars that came later. */
function isItsTurn({ pod, observed }: PodSituation, target: ContainerState, why: StopReason): boolean {
  const endsWithPod = why === 'podEnds' || why === 'sandboxGone'
  if (!endsWithPod || !isSidecar(pod, target)) return true
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  const later = initContainers.slice(initContainers.findIndex(({ name }) => name === target.name) + 1)
  const served = new Set([...containers, ...later].map(({ name }) => name))
  return !runningContainers(observed).some(({ name }) => served.has(name))
}

function containerOf({ spec }: Pod, { name }: ContainerState): Container | undefined {
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  return all.find((container) => container.name === name)
}
