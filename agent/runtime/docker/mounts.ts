import type { PodIdentity, VolumeSpec } from '../runtime.ts'
import { LABELS, type Labels, type Ownership, ownerLabels, podLabels } from './labels.ts'
import { VOLUMES_DIRECTORY, volumeName } from './volumes.ts'

/** An entry of `HostConfig.Mounts`. */
export interface DockerMount {
  Type: 'volume' | 'bind'
  /** Absent: a volume that is made with the container and has no name. */
  Source?: string
  Target: string
  ReadOnly: boolean
  VolumeOptions?: {
    NoCopy: true
    Labels?: Labels
    DriverConfig?: { Name: 'local'; Options: Record<string, string> }
  }
  BindOptions?: { Propagation?: 'rslave' | 'rshared'; NonRecursive?: true; ReadOnlyNonRecursive?: true }
}

type MemoryVolume = VolumeSpec & { medium: 'memory' | 'files' }

/** Where a sandbox has a volume. */
export function placeInSandbox(volume: string): string {
  return `${VOLUMES_DIRECTORY}/${volume}`
}

export function sandboxMount(pod: PodIdentity, volume: VolumeSpec, owner: Ownership): DockerMount {
  const Target = placeInSandbox(volume.name)
  switch (volume.medium) {
    case 'host':
      return { Type: 'bind', Source: volume.path, Target, ReadOnly: false }
    case 'claim':
      return wholeVolume(volume.id, Target, false)
    case 'disk':
      return wholeVolume(volumeName(pod.uid, volume.name), Target, false)
    case 'memory':
    case 'files':
      return memoryMount(pod, volume, Target, owner)
  }
}

/** Empty at first: what the image has at that path is not copied in. */
export function wholeVolume(Source: string, Target: string, ReadOnly: boolean): DockerMount {
  return { Type: 'volume', Source, Target, ReadOnly, VolumeOptions: { NoCopy: true } }
}

/** A volume that Docker makes with its sandbox, without a name, and removes with it. */
function memoryMount(pod: PodIdentity, spec: MemoryVolume, Target: string, owner: Ownership): DockerMount {
  return {
    Type: 'volume',
    Target,
    ReadOnly: false,
    VolumeOptions: {
      NoCopy: true,
      Labels: { ...ownerLabels(owner), ...podLabels(pod), [LABELS.kind]: 'memory-volume', [LABELS.volume]: spec.name },
      DriverConfig: { Name: 'local', Options: { type: 'tmpfs', device: 'tmpfs', o: mountOptions(spec) } },
    },
  }
}

/** Those of `mount`. */
function mountOptions(spec: MemoryVolume): string {
  const sticky = spec.medium === 'files' ? 1 : 0
  const options = [`mode=${sticky + (spec.group === undefined ? 0 : 2)}777`]
  if (spec.group !== undefined) options.push(`gid=${spec.group}`)
  if (spec.medium === 'memory' && spec.sizeLimitBytes !== undefined) options.push(`size=${spec.sizeLimitBytes}`)
  return options.join(',')
}
