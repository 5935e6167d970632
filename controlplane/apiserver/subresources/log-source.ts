import { ApiError } from '../../../shared/api/api-error.ts'
import type { ContainerStatus } from '../../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'

/** The container whose log is meant. @throws ApiError 400 where that is not clear or there is no such container */
export function logContainer(pod: Persisted<Pod>, wanted: string | undefined): string {
  const { name } = pod.metadata
  const containers = (pod.spec.containers ?? []).map((container) => container.name)
  const init = (pod.spec.initContainers ?? []).map((container) => container.name)
  const ephemeral = (pod.spec.ephemeralContainers ?? []).map((container) => container.name)
  if (wanted !== undefined) {
    if ([...containers, ...init, ...ephemeral].includes(wanted)) return wanted
    throw ApiError.badRequest(`container ${wanted} is not valid for pod ${name}`)
  }
  const [only] = containers
  if (only !== undefined && containers.length === 1) return only
  const initChoice = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : ''
  throw ApiError.badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${initChoice}`,
  )
}

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
