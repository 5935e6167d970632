import { ApiError } from '../../shared/api/api-error.ts'
import type { ContainerStatus, Pod, PodStatus } from '../../shared/api/generated/core-v1.ts'
import { runtimeContainerId } from '../container-id.ts'
import { containerStatusesOf } from '../container-statuses.ts'

/** Which instance of a container to read: the id that the runtime knows. Throws an ApiError where there is none. */
export function logSource(pod: Pod, status: PodStatus | undefined, container: string, previous: boolean): string {
  const where = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`
  const found = containerStatusesOf(status).find(({ name }) => name === container)
  if (!found) throw ApiError.badRequest(`${where} is not available`)
  const id = previous ? runtimeContainerId(found.lastState?.terminated?.containerID) : currentId(found)
  if (id !== undefined) return id
  throw ApiError.badRequest(previous ? `previous terminated ${where} not found` : whyNotYet(found, where))
}

/** One that waits for its restart is shown by its last instance. */
function currentId({ state, lastState, containerID }: ContainerStatus): string | undefined {
  if (state?.running) return runtimeContainerId(containerID)
  return runtimeContainerId(state?.terminated?.containerID) ?? runtimeContainerId(lastState?.terminated?.containerID)
}

function whyNotYet({ state }: ContainerStatus, where: string): string {
  const reason = state?.waiting?.reason
  switch (reason) {
    case undefined:
      return state?.terminated ? `${where} is terminated` : `${where} is waiting to start - no logs yet`
    case 'ErrImagePull':
      return `${where} is waiting to start: image can't be pulled`
    case 'ImagePullBackOff':
      return `${where} is waiting to start: trying and failing to pull image`
    default:
      return `${where} is waiting to start: ${reason}`
  }
}
