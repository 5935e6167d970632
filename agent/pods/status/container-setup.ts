import type { Container, ContainerStatus, VolumeMountStatus } from '../../../shared/api/generated/core-v1.ts'
import type { ContainerState } from '../../runtime/runtime.ts'

/**
 * What a container was made with beside its resources. What it mounts is as its spec says, which does not change while it
 * runs; its stop signal may be its image's.
 */
export function containerSetup(
  { volumeMounts = [] }: Container,
  { stopSignal }: ContainerState,
): Pick<ContainerStatus, 'volumeMounts' | 'stopSignal'> {
  return { ...(volumeMounts.length > 0 ? { volumeMounts: volumeMounts.map(mountStatus) } : {}), stopSignal }
}

function mountStatus({ name, mountPath, readOnly }: NonNullable<Container['volumeMounts']>[number]): VolumeMountStatus {
  return { name, mountPath, ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}) }
}
