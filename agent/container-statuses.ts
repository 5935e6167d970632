import type { ContainerStateTerminated, ContainerStatus, PodStatus } from '../shared/api/generated/core-v1.ts'
import { apiContainerId } from './container-id.ts'

/** What is said of all of a Pod's containers: init containers first, and those that were added to it last. */
export function containerStatusesOf(status: PodStatus | undefined): ContainerStatus[] {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {}
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses]
}

/** What is said of the end of the runtime's container `id`, the last of its name or the one before it. */
export function endOf(status: PodStatus | undefined, id: string): ContainerStateTerminated | undefined {
  const ends = containerStatusesOf(status).flatMap(({ state, lastState }) => [state?.terminated, lastState?.terminated])
  return ends.find((end) => end?.containerID === apiContainerId(id))
}
