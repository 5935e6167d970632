import type { ContainerStatus, Pod } from '../../../shared/api/generated/core-v1.ts'

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

/** Where the Pod is in its life, from its containers' statuses. `ending`: none of them is started again. */
export function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  ending: boolean,
): PodPhase {
  const never = pod.spec?.restartPolicy === 'Never'
  if ((never || ending) && initStatuses.some(hasFailed)) return 'Failed'
  const stopped = statuses.filter(hasStopped)
  const running = statuses.filter(({ state }) => state?.running)
  const waiting = statuses.length - stopped.length - running.length
  const begun = running.length + stopped.length > 0
  if (initStatuses.some((status) => !isThrough(status)) && !begun) return ending ? 'Failed' : 'Pending'
  if (waiting > 0) return ending ? 'Failed' : 'Pending'
  if (running.length > 0) return 'Running'
  return endedPhase(pod, stopped, ending)
}

export function isTerminal(phase: string | undefined): phase is 'Succeeded' | 'Failed' {
  return phase === 'Succeeded' || phase === 'Failed'
}

function endedPhase(pod: Pod, stopped: readonly ContainerStatus[], ending: boolean): PodPhase {
  const succeeded = stopped.every(({ state }) => state?.terminated?.exitCode === 0)
  if (ending) return succeeded ? 'Succeeded' : 'Failed'
  switch (pod.spec?.restartPolicy ?? 'Always') {
    case 'Never':
      return succeeded ? 'Succeeded' : 'Failed'
    case 'OnFailure':
      return succeeded ? 'Succeeded' : 'Running'
    default:
      return 'Running'
  }
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
