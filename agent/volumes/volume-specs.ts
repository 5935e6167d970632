import type { Pod, Volume } from '../../shared/api/generated/core-v1.ts'
import { parseUnits } from '../../shared/quantity.ts'
import { dockerVolumeOf } from '../../shared/storage/local-volumes.ts'
import { claimNameOf } from '../../shared/storage/pod-claims.ts'
import type { ContainerSources } from '../pods/spec/container-spec.ts'
import type { VolumeSpec } from '../runtime/runtime.ts'
import { isFileVolume } from './file-projection.ts'
import { VolumeError } from './volume-error.ts'

type Owned = Pick<VolumeSpec, 'group' | 'existing'>
type ClaimedVolume =
  | ({ medium: 'claim'; id: string } & Owned)
  | ({ medium: 'host'; path: string; type: string } & Owned)

/** What the runtime is told; of a path of the machine also what the user says is there. */
export type RequestedVolume = VolumeSpec & { type?: string }

/** What the runtime is told of one volume of a Pod. Throws VolumeError where that cannot be said yet. */
export function volumeSpec(volume: Volume, sources: ContainerSources): RequestedVolume {
  const { pod } = sources
  const { name } = volume
  const { fsGroup } = pod.spec?.securityContext ?? {}
  const group = fsGroup === undefined ? {} : { group: fsGroup }
  if (isFileVolume(volume)) return { name, medium: 'files', ...group }
  const claimName = claimNameOf(volume, pod.metadata.name ?? '')
  const { hostPath } = volume
  if (hostPath) return { name, medium: 'host', path: hostPath.path, type: hostPath.type ?? '' }
  const isReadOnly = volume.persistentVolumeClaim?.readOnly ?? false
  if (claimName !== undefined) return { name, ...claimedVolume(claimName, sources, isReadOnly) }
  const { medium, sizeLimit } = volume.emptyDir ?? {}
  if (medium !== 'Memory') return { name, medium: 'disk', ...group }
  return { name, medium: 'memory', ...group, sizeLimitBytes: memoryBytes(sizeLimit, pod, sources.allocatable.memory) }
}

/** The data of a claim, once it is bound and both sides say so. */
function claimedVolume(
  claimName: string,
  { pod, claim, volume }: ContainerSources,
  isReadOnly: boolean,
): ClaimedVolume {
  const found = claim(claimName)
  if (!found) throw new VolumeError(`persistentvolumeclaim ${JSON.stringify(claimName)} not found`)
  const volumeName = found.spec.volumeName ?? ''
  const holder = volume(volumeName)
  if (found.status?.phase !== 'Bound' || !holder) throw new VolumeError('PVC is not bound')
  if (holder.spec.claimRef?.uid !== found.metadata.uid) {
    throw new VolumeError(`persistentvolume ${JSON.stringify(volumeName)} is bound to another claim`)
  }
  const { hostPath, local } = holder.spec
  if (hostPath) return { medium: 'host', path: hostPath.path, type: hostPath.type ?? '' }
  const owned = ownership(pod, isReadOnly)
  if (local) return { medium: 'host', path: local.path, type: 'Directory', ...owned }
  const id = dockerVolumeOf(holder)
  if (id === undefined)
    throw new VolumeError(`persistentvolume ${JSON.stringify(volumeName)} has a source that is not supported`)
  return { medium: 'claim', id, ...owned }
}

/** Of what may be written only, as in the kubelet; and never of a `hostPath`. */
function ownership({ spec }: Pod, isReadOnly: boolean): Owned {
  const { fsGroup, fsGroupChangePolicy } = spec?.securityContext ?? {}
  if (fsGroup === undefined || isReadOnly) return {}
  return { group: fsGroup, existing: fsGroupChangePolicy === 'OnRootMismatch' ? 'rootMismatch' : 'always' }
}

/** The least of the limit itself, what the Pod's containers may use together, and what the node has. */
function memoryBytes(sizeLimit: string | undefined, { spec }: Pod, allocatable: string): number {
  const limits = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map(
    ({ resources }) => resources?.limits?.memory,
  )
  const isLimited = limits.length > 0 && limits.every((limit) => limit !== undefined)
  const together = isLimited ? limits.reduce((sum, limit) => sum + parseUnits(limit ?? '0'), 0) : 0
  const own = sizeLimit === undefined ? 0 : parseUnits(sizeLimit)
  return Math.min(...[own, together, parseUnits(allocatable)].filter((bytes) => bytes > 0))
}
