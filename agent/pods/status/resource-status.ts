import type {
  Container,
  ContainerStatus,
  PodCondition,
  ResourceRequirements,
} from '../../../shared/api/generated/core-v1.ts'
import { formatBytes, formatMilli } from '../../../shared/quantity.ts'
import type { ContainerState } from '../../runtime/runtime.ts'
import { runningContainers } from '../pod-observation.ts'
import { resizeOf, resizeTryOf } from '../resize/resize-actions.ts'
import { containerResources } from '../spec/container-resources.ts'
import type { StatusInput } from './status-input.ts'

type ResourceStatus = Pick<ContainerStatus, 'allocatedResources' | 'resources'>

/** Those of a resize: gone when it is. */
export const RESIZE_CONDITIONS: ReadonlySet<string> = new Set(['PodResizePending', 'PodResizeInProgress'])

const MILLI_PER_SHARE = 1000 / 1024

/** What a container has been given, and what it has: the same but while it is being resized. */
export function resourceStatus(container: Container, latest: ContainerState | undefined): ResourceStatus {
  const { requests, limits } = container.resources ?? {}
  if (!latest || (!requests && !limits)) return {}
  return {
    ...(requests ? { allocatedResources: requests } : {}),
    resources: latest.state.phase === 'running' ? actual(container, latest) : { ...pick({ requests, limits }) },
  }
}

/** Where the runtime has what was given, in the words in which it was asked for. */
function actual(container: Container, { resources: has }: ContainerState): ResourceRequirements {
  const given = containerResources(container)
  const { requests, limits } = container.resources ?? {}
  const cpuRequest = Math.round((has.cpuShares ?? 0) * MILLI_PER_SHARE)
  return pick({
    requests: requests && {
      ...requests,
      ...(requests.cpu !== undefined && has.cpuShares !== given.cpuShares ? { cpu: formatMilli(cpuRequest) } : {}),
    },
    limits: limits && {
      ...limits,
      ...(has.cpuLimitMilli !== given.cpuLimitMilli ? { cpu: formatMilli(has.cpuLimitMilli ?? 0) } : {}),
      ...(has.memoryLimitBytes !== given.memoryLimitBytes ? { memory: formatBytes(has.memoryLimitBytes ?? 0) } : {}),
    },
  })
}

function pick({
  requests,
  limits,
}: {
  requests: ResourceRequirements['requests'] | undefined
  limits: ResourceRequirements['limits'] | undefined
}): ResourceRequirements {
  return { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) }
}

/** The conditions of a Pod's resize, in Kubernetes' words; none where there is nothing to resize. */
export function resizeConditions(
  input: StatusInput,
): [type: string, verdict: Pick<PodCondition, 'status' | 'reason' | 'message'>][] {
  if (input.ending) return []
  const { resize, pod, observed, memory } = input
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  const underWay = runningContainers(observed).flatMap((running) => {
    const container = all.find(({ name }) => name === running.name)
    return container && resizeOf(container, running) !== 'none' ? [{ container, running }] : []
  })
  const tries = underWay.map(({ container, running }) => resizeTryOf(container, running, memory))
  const failure = tries.find((known) => known !== undefined)
  const error = failure ? { reason: 'Error', message: failure.message } : {}
  return [
    ...(resize ? [['PodResizePending', { status: 'True', ...resize }] as [string, { status: string }]] : []),
    ...(underWay.length > 0
      ? [['PodResizeInProgress', { status: 'True', ...error }] as [string, { status: string }]]
      : []),
  ]
}
