import { ApiError } from '../../../shared/api/api-error.ts'
import type { ContainerStatus } from '../../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'

/** @throws ApiError 400 where the container has not written a log yet, or no former one did */
export function checkHasLog(pod: Persisted<Pod>, container: string, previous: boolean): void {
  const status = statusOf(pod, container)
  const former = status?.lastState?.terminated
  const where = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`
  if (previous) {
    if (!former?.containerID) throw ApiError.badRequest(`previous terminated ${where} not found`)
    return
  }
  if (status?.state?.running || status?.state?.terminated || former) return
  throw ApiError.badRequest(`${where} is waiting to start: ${whyWaiting(status)}`)
}

/** Before its node has reported anything, a container is being created. */
function whyWaiting(status: ContainerStatus | undefined): string {
  const reason = status?.state?.waiting?.reason ?? 'ContainerCreating'
  switch (reason) {
    case 'ErrImagePull':
      return "image can't be pulled"
    case 'ImagePullBackOff':
      return 'trying and failing to pull image'
    default:
      return reason
  }
}

function statusOf({ status = {} }: Persisted<Pod>, container: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses]
  return all.find(({ name }) => name === container)
}
