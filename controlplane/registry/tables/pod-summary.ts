import type { ContainerState, ContainerStatus, PodStatus } from '../../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../../shared/api/kinds.ts'
import { isFinalPhase } from '../../../shared/pod-phase.ts'

/** A Pod's state in the few words of `kubectl get pods`. */
export interface PodSummary {
  /** Such as `Running`, `Init:1/2`, `CrashLoopBackOff`, `Terminating`. */
  readonly reason: string
  readonly readyContainers: number
  readonly totalContainers: number
  readonly restarts: number
  /** RFC 3339; absent where nothing was restarted yet. */
  readonly lastRestart?: string | undefined
}

/** What one group of containers adds up to. */
interface Tally {
  reason: string | undefined
  ready: number
  restarts: number
  lastRestart: string | undefined
}

export function summarizePod(pod: Pod): PodSummary {
  const { status = {} } = pod
  const sidecars = sidecarNames(pod)
  const init = tallyInit(pod, sidecars)
  const isInitializing = init.reason !== undefined && !hasCondition(status, 'Initialized')
  const sidecarTally = tallyRestarts(namedStatuses(status.initContainerStatuses, sidecars))
  const main = isInitializing ? init : tallyMain(status, init.reason ?? phaseReason(status), sidecarTally)
  return {
    reason: deletionReason(pod) ?? main.reason ?? phaseReason(status),
    readyContainers: isInitializing ? init.ready : init.ready + main.ready,
    totalContainers: pod.spec.containers.length + sidecars.size,
    restarts: main.restarts,
    lastRestart: main.lastRestart,
  }
}

function sidecarNames({ spec }: Pod): ReadonlySet<string> {
  return new Set((spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map(({ name }) => name))
}

function namedStatuses(statuses: readonly ContainerStatus[] = [], names: ReadonlySet<string>): ContainerStatus[] {
  return statuses.filter(({ name }) => names.has(name))
}

function phaseReason(status: PodStatus): string {
  const isGated = status.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')
  return isGated ? 'SchedulingGated' : status.reason || (status.phase ?? '')
}

/** The first init container that is neither done nor a sidecar that has started says how far the Pod is. */
function tallyInit({ spec, status }: Pod, sidecars: ReadonlySet<string>): Tally {
  const statuses = status?.initContainerStatuses ?? []
  let ready = 0
  for (const [index, container] of statuses.entries()) {
    if (container.state?.terminated?.exitCode === 0) continue
    if (sidecars.has(container.name) && container.started) {
      if (container.ready) ready++
      continue
    }
    const progress = `${index}/${spec.initContainers?.length ?? 0}`
    const reason = `Init:${initReason(container.state) ?? progress}`
    return { ...tallyRestarts(statuses.slice(0, index + 1)), ready, reason }
  }
  return { ...tallyRestarts(statuses), ready }
}

function initReason({ terminated, waiting }: ContainerState = {}): string | undefined {
  if (terminated) return terminatedReason(terminated)
  return waiting?.reason && waiting.reason !== 'PodInitializing' ? waiting.reason : undefined
}

/** Counted from the last container to the first, so that the first one that has something to say wins. */
function tallyMain(status: PodStatus, before: string, sidecars: Tally): Tally {
  const statuses = status.containerStatuses ?? []
  const running = statuses.filter(({ ready, state }) => ready && isRunning(state))
  let reason = before
  for (const { state } of statuses.toReversed()) reason = containerReason(state) ?? reason
  if (reason === 'Completed' && running.length > 0) reason = hasCondition(status, 'Ready') ? 'Running' : 'NotReady'
  const { restarts, lastRestart } = tallyRestarts(statuses)
  return {
    reason,
    ready: running.length,
    restarts: restarts + sidecars.restarts,
    lastRestart: latest(lastRestart, sidecars.lastRestart),
  }
}

function isRunning({ waiting, terminated, running }: ContainerState = {}): boolean {
  return running !== undefined && !waiting?.reason && !terminated
}

function containerReason({ waiting, terminated }: ContainerState = {}): string | undefined {
  return waiting?.reason || (terminated ? terminatedReason(terminated) : undefined)
}

function terminatedReason({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`)
}

function tallyRestarts(statuses: readonly ContainerStatus[]): Tally {
  let restarts = 0
  let lastRestart: string | undefined
  for (const { restartCount, lastState } of statuses) {
    restarts += restartCount
    lastRestart = latest(lastRestart, lastState?.terminated?.finishedAt)
  }
  return { reason: undefined, ready: 0, restarts, lastRestart }
}

function latest(a: string | undefined, b: string | undefined): string | undefined {
  if (!a || !b) return a || b
  return Date.parse(a) < Date.parse(b) ? b : a
}

function deletionReason({ metadata, status }: Pod): string | undefined {
  if (!metadata.deletionTimestamp) return undefined
  if (status?.reason === 'NodeLost') return 'Unknown'
  return isFinalPhase(status?.phase) ? undefined : 'Terminating'
}

function hasCondition({ conditions = [] }: PodStatus, type: string): boolean {
  return conditions.some((condition) => condition.type === type && condition.status === 'True')
}
