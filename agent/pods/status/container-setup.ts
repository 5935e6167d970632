import type { Container, ContainerStatus, VolumeMountStatus } from '../../../shared/api/generated/core-v1.ts'

/** What a container was made with beside its resources: it is as its spec says, which does not change while it runs. */
export function containerSetup({
  volumeMounts = [],
  lifecycle,
}: Container): Pick<ContainerStatus, 'volumeMounts' | 'stopSignal'> {
  return {
    ...(volumeMounts.length > 0 ? { volumeMounts: volumeMounts.map(mountStatus) } : {}),
    ...(lifecycle?.stopSignal ? { stopSignal: lifecycle.stopSignal } : {}),
  }
}

function mountStatus({ name, mountPath, readOnly }: NonNullable<Container['volumeMounts']>[number]): VolumeMountStatus {
  return { name, mountPath, ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}) }
}
