import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import { apiContainerId } from '../container-id.ts'
import { containerStatusesOf } from '../container-statuses.ts'
import type { ContainerState } from '../runtime/runtime.ts'
import type { PodMemory } from './pod-memory.ts'

/**
 * Whether a container runs but has not been through its postStart hook: until then it counts as not running. After the
 * agent's own restart the API knows: a container that it shows as running has been through.
 */
export function isBeforePostStart(
  pod: Pod,
  container: Container,
  { id, state }: ContainerState,
  { postStarts }: Pick<PodMemory, 'postStarts'>,
): boolean {
  if (!container.lifecycle?.postStart || state.phase !== 'running') return false
  const known = postStarts.get(id)
  return known === undefined ? !isRunningInApi(pod, id) : known !== 'done'
}

function isRunningInApi({ status }: Pod, id: string): boolean {
  return containerStatusesOf(status).some(
    ({ containerID, state }) => containerID === apiContainerId(id) && state?.running,
  )
}
