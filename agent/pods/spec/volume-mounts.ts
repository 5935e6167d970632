import { posix } from 'node:path'
import type { Container, Pod, PodSecurityContext, Volume, VolumeMount } from '../../../shared/api/generated/core-v1.ts'
import type { VolumeMount as RuntimeMount } from '../../runtime/runtime.ts'
import { isFileVolume } from '../../volumes/file-projection.ts'
import { ContainerConfigError } from './container-config-error.ts'
import { expandVariables } from './variable-expansion.ts'

const PROPAGATION: Readonly<Record<string, RuntimeMount['propagation']>> = {
  HostToContainer: 'slave',
  Bidirectional: 'shared',
}

/** What a container mounts where. Throws ContainerConfigError where a `subPathExpr` cannot be filled in. */
export function volumeMounts(
  container: Container,
  { spec }: Pod,
  environment: ReadonlyMap<string, string>,
): RuntimeMount[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const { name, mountPath, readOnly } = mount
    const volume = spec?.volumes?.find((each) => each.name === name)
    if (!volume) throw new ContainerConfigError(`volume "${name}" not found`)
    const subPath = mount.subPathExpr ? expanded(mount, environment) : mount.subPath
    const propagation = PROPAGATION[mount.mountPropagation ?? '']
    return {
      volume: name,
      mountPath: posix.isAbsolute(mountPath) ? mountPath : posix.join('/', mountPath),
      readOnly: readOnly || isReadOnly(volume),
      ...(subPath ? { subPath, ...groupOf(volume, spec?.securityContext) } : {}),
      ...(propagation ? { propagation } : {}),
    }
  })
}

/** `fsGroup` is for volumes that are the Pods' own. */
function groupOf({ hostPath }: Volume, { fsGroup }: PodSecurityContext = {}): { group?: number } {
  return hostPath || fsGroup === undefined ? {} : { group: fsGroup }
}

/** Files of the API are the agent's to write. */
function isReadOnly(volume: Volume): boolean {
  return isFileVolume(volume) || (volume.persistentVolumeClaim?.readOnly ?? false)
}

/** Validated here, since only here is known what it says; what is not expanded is when it is applied. */
function expanded({ subPathExpr = '' }: VolumeMount, environment: ReadonlyMap<string, string>): string {
  const missing = new Set<string>()
  const subPath = expandVariables(subPathExpr, (variable) => {
    const value = environment.get(variable)
    if (!value) missing.add(variable)
    return value
  })
  if (missing.size > 0) throw new ContainerConfigError(`missing value for ${[...missing].sort().join(', ')}`)
  if (subPath.startsWith('/'))
    throw new ContainerConfigError(`error SubPath \`${subPath}\` must not be an absolute path`)
  if (subPath.split('/').includes('..'))
    throw new ContainerConfigError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`)
  return subPath
}
