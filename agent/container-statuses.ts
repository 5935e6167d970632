import type { ContainerStatus, PodStatus } from '../shared/api/generated/core-v1.ts'

/** What is said of all of a Pod's containers: init containers first, and those that were added to it last. */
export function containerStatusesOf(status: PodStatus | undefined): ContainerStatus[] {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {}
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses]
}
