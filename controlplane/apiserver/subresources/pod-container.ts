import { ApiError } from '../../../shared/api/api-error.ts'
import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { keyOfTarget, type ResourceRequest } from '../request/resource-request.ts'
import type { Services } from '../services.ts'

/** The container that is meant: the only one, where none is named. @throws ApiError 400 where that is not clear or there is no such container */
export function containerOf(pod: Persisted<Pod>, wanted: string | undefined): string {
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

/** @throws ApiError 404 */
export async function podOf(
  { target }: Pick<ResourceRequest, 'target'>,
  { registry }: Services,
): Promise<Persisted<Pod>> {
  const { object } = await registry.get(PODS, keyOfTarget(target))
  return object as Persisted<Pod>
}

/** @throws ApiError 400 where the Pod is on no node yet */
export function nodeOf({ metadata, spec }: Persisted<Pod>): string {
  if (!spec.nodeName) throw ApiError.badRequest(`pod ${metadata.name} does not have a host assigned`)
  return spec.nodeName
}
