import type { Container, ContainerStatus, Pod } from '../../../shared/api/generated/core-v1.ts'
import { isRestartedAfter, isSidecar } from '../restart-policy.ts'

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

/**
 * Where the Pod is in its life, from its containers' statuses. `isEnding`: none of them is started again. Sidecars keep
 * it Running, but how they end does not matter.
 */
export function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  isEnding: boolean,
): PodPhase {
  const sidecars = initStatuses.filter((status) => isSidecar(pod, status))
  const inits = initStatuses.filter((status) => !isSidecar(pod, status))
  if (inits.some((status) => hasFailed(status) && (isEnding || !isRestarted(pod, status)))) return 'Failed'
  const stopped = statuses.filter(hasStopped)
  const running = statuses.filter(({ state }) => state?.running)
  const hasBegun = running.length + stopped.length > 0
  const isInitialized = inits.every(isThrough) && !sidecars.some(isPending)
  if (!hasBegun && !isInitialized) return isEnding ? 'Failed' : 'Pending'
  if (stopped.length + running.length < statuses.length) return isEnding ? 'Failed' : 'Pending'
  if (running.length > 0 || sidecars.some(({ state }) => state?.running)) return 'Running'
  return endedPhase(pod, stopped, isEnding)
}

function endedPhase(pod: Pod, stopped: readonly ContainerStatus[], isEnding: boolean): PodPhase {
  if (!isEnding && stopped.some((status) => !status.state?.terminated || isRestarted(pod, status))) return 'Running'
  return stopped.every(({ state }) => state?.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed'
}

function isRestarted(pod: Pod, { name, state }: ContainerStatus): boolean {
  const all: Container[] = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  const container = all.find((other) => other.name === name)
  return container !== undefined && isRestartedAfter(pod, container, state?.terminated?.exitCode ?? 0)
}

/** Ended, also when it waits for its restart. */
function hasStopped({ state, lastState }: ContainerStatus): boolean {
  return state?.terminated !== undefined || (state?.running === undefined && lastState?.terminated !== undefined)
}

function hasFailed({ state }: ContainerStatus): boolean {
  return state?.terminated !== undefined && state.terminated.exitCode !== 0
}

function isThrough({ state }: ContainerStatus): boolean {
  return state?.terminated?.exitCode === 0
}

/** A sidecar that is not up for the first time. */
function isPending({ state, lastState, started }: ContainerStatus): boolean {
  if (state?.running) return !started
  return !state?.terminated && !lastState?.terminated
}
