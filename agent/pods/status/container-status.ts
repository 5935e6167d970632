import type {
  ContainerState as ApiContainerState,
  Container,
  ContainerStateTerminated,
  ContainerStatus,
} from '../../../shared/api/generated/core-v1.ts'
import { timestamp } from '../../../shared/clock.ts'
import { apiContainerId } from '../../container-id.ts'
import { containerStatusesOf, endOf } from '../../container-statuses.ts'
import { goDuration } from '../../go-duration.ts'
import type { ContainerState } from '../../runtime/runtime.ts'
import { isOver } from '../is-over.ts'
import { attemptsOf, type ExitedContainer, isExited } from '../pod-observation.ts'
import { isBeforePostStart } from '../post-start.ts'
import { backoffMs, restartAtMs } from '../restart-backoff.ts'
import { isInitContainer, isLost, isRestartedAfter, isSidecar } from '../restart-policy.ts'
import { podInWords } from '../spec/pod-identity.ts'
import { specHash } from '../spec-hash.ts'
import { containerSetup } from './container-setup.ts'
import { resourceStatus } from './resource-status.ts'
import type { StatusInput } from './status-input.ts'

/** The status of one container, init or not, from its newest instance and the one before. What had ended and is gone stays as it was. */
export function containerStatus(input: StatusInput, container: Container): ContainerStatus {
  const [latest, before] = attemptsOf(input.observed, container.name)
  const previous = previousStatus(input, container.name)
  if (!latest && previous?.state?.terminated) return previous
  const { state, lastState } = statesOf(input, container, latest, before)
  const health = latest ? input.probes(latest.id) : { started: false, ready: false }
  const running = state.running !== undefined
  // What runs on without the sandbox has lost its network, and ends soon.
  const isReachable = running && input.observed.sandbox !== undefined
  return {
    name: container.name,
    state,
    lastState,
    ready: runsToItsEnd(input, container)
      ? state.terminated?.exitCode === 0
      : isReachable && health.started && health.ready,
    started: running && health.started,
    restartCount: restartCount(latest, state, previous),
    ...resourceStatus(container, latest),
    image: latest?.image ?? container.image ?? '',
    imageID: latest ? imageIdOf(latest) : '',
    ...(latest ? { containerID: apiContainerId(latest.id), ...containerSetup(container, latest) } : {}),
    // Of one that is lost for good it says that there was one.
    ...(!latest && state.terminated?.containerID ? { containerID: state.terminated.containerID } : {}),
    ...(latest?.user ? { user: { linux: latest.user } } : {}),
  }
}

function restartCount(
  latest: ContainerState | undefined,
  state: ApiContainerState,
  previous: ContainerStatus | undefined,
): number {
  // One that could not start may be gone again while the one before it is still there: it counts all the same.
  const told = Math.max(latest?.restartCount ?? 0, previous?.restartCount ?? 0)
  const isStartedAnew = !latest && state.waiting !== undefined && previous !== undefined && hasRun(previous)
  return isStartedAnew ? told + 1 : told
}

/** The instance of which the status tells. */
function hasRun({ containerID, state, lastState }: ContainerStatus): boolean {
  return (
    state?.running !== undefined || (containerID !== undefined && lastState?.terminated?.containerID === containerID)
  )
}

type States = { state: ApiContainerState; lastState: ApiContainerState }

function statesOf(
  input: StatusInput,
  container: Container,
  latest: ContainerState | undefined,
  before: ContainerState | undefined,
): States {
  const lastState = isExited(before) ? { terminated: terminated(input, before) } : {}
  const failure = input.memory.startFailures.get(container.name)
  const waiting = failure ? { reason: failure.reason, message: failure.message } : notYet(input)
  switch (latest?.state.phase) {
    case undefined:
      return unseen(input, container, waiting)
    case 'created':
      return { state: { waiting }, lastState }
    case 'running':
      if (isBeforePostStart(input.pod, container, latest, input.memory))
        return { state: { waiting: notYet(input) }, lastState }
      return { state: { running: { startedAt: wholeSeconds(latest.state.startedAt) } }, lastState }
    case 'exited':
      return exitedStates(input, container, latest as ExitedContainer, lastState)
  }
}

/** Nothing in the runtime, and it had not ended: not made yet, or lost. */
function unseen(input: StatusInput, container: Container, waiting: ApiContainerState['waiting']): States {
  const before = previousStatus(input, container.name)
  if (isLost(input.pod, container) || (input.ending && before?.state?.running)) {
    return { state: { terminated: lost(before?.containerID) }, lastState: {} }
  }
  if (before?.state?.running) return { state: { waiting }, lastState: { terminated: lost(before.containerID) } }
  return { state: { waiting }, lastState: before?.lastState ?? {} }
}

function exitedStates(
  input: StatusInput,
  container: Container,
  latest: ExitedContainer,
  lastState: ApiContainerState,
): States {
  const ended = { terminated: terminated(input, latest) }
  const final = { state: ended, lastState }
  if (input.ending || isOver(input) || !isRestartedAfter(input.pod, container, latest.state.exitCode)) return final
  const failure = input.memory.startFailures.get(container.name)
  const failed = failure && { waiting: { reason: failure.reason, message: failure.message } }
  if (failed && input.monotonicMs < failure.retryAtMs) return { state: failed, lastState: ended }
  const inBackoff = input.nowMs < restartAtMs(latest, specHash(container), input.nowMs)
  if (inBackoff) return { state: { waiting: crashLoop(input, latest) }, lastState: ended }
  return failed ? { state: failed, lastState: ended } : final
}

function crashLoop({ pod }: StatusInput, latest: ExitedContainer) {
  const who = `container=${latest.name} pod=${podInWords(pod)}`
  const message = `back-off ${goDuration(backoffMs(latest))} restarting failed ${who}`
  return { reason: 'CrashLoopBackOff', message }
}

function runsToItsEnd({ pod }: StatusInput, container: Container): boolean {
  return isInitContainer(pod, container) && !isSidecar(pod, container)
}

function notYet({ pod }: StatusInput): { reason: string } {
  return { reason: pod.spec?.initContainers?.length ? 'PodInitializing' : 'ContainerCreating' }
}

function terminated(input: StatusInput, ended: ExitedContainer): ContainerStateTerminated {
  const { id, state } = ended
  const message = state.error ?? input.message(id)
  return {
    exitCode: state.exitCode,
    ...(state.signal === undefined ? {} : { signal: state.signal }),
    reason: terminationReason(input, ended),
    ...(message === '' ? {} : { message }),
    startedAt: wholeSeconds(state.startedAt),
    finishedAt: wholeSeconds(state.finishedAt),
    containerID: apiContainerId(id),
  }
}

function terminationReason({ previous }: StatusInput, { id, state }: ExitedContainer): string {
  const { error, oomKilled, exitCode } = state
  if (error !== undefined) return 'ContainerCannotRun'
  // The runtime may have known it only for a while.
  if (oomKilled || endOf(previous, id)?.reason === 'OOMKilled') return 'OOMKilled'
  return exitCode === 0 ? 'Completed' : 'Error'
}

function lost(containerID: string | undefined): ContainerStateTerminated {
  return {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    ...(containerID === undefined ? {} : { containerID }),
  }
}

function previousStatus({ previous }: StatusInput, name: string): ContainerStatus | undefined {
  return containerStatusesOf(previous).find((status) => status.name === name)
}

function imageIdOf({ imageId }: ContainerState): string {
  return `${imageId.includes('@') ? 'docker-pullable' : 'docker'}://${imageId}`
}

function wholeSeconds(time: string): string {
  return timestamp(Date.parse(time))
}
