import type { PodIdentity, SandboxSpec, VolumeSpec } from '../runtime.ts'
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

/** Where a sandbox, or who lends it, has what containers are told of Secrets. */
export const SECRETS_VOLUME_DIRECTORY = '/secrets'

/** Where a sandbox has a volume. */
export function placeInSandbox(volume: string): string {
  return `${VOLUMES_DIRECTORY}/${volume}`
}

/** All volumes of a sandbox; what is in memory is kept from swap where `noswap`. */
export function sandboxMounts(
  { pod, volumes, hasSecrets }: Pick<SandboxSpec, 'pod' | 'volumes' | 'hasSecrets'>,
  owner: Ownership,
  noswap: boolean,
): DockerMount[] {
  const mounts = volumes.map((volume) => sandboxMount(pod, volume, owner, noswap))
  return hasSecrets ? [...mounts, secretsMount(podLabels(pod), owner, noswap)] : mounts
}

/** Each container is to see its own part of it. */
export function secretsMount(labels: Labels, owner: Ownership, noswap: boolean): DockerMount {
  return memoryMount(labels, ['mode=755'], SECRETS_VOLUME_DIRECTORY, owner, noswap)
}

function sandboxMount(pod: PodIdentity, volume: VolumeSpec, owner: Ownership, noswap: boolean): DockerMount {
  const Target = placeInSandbox(volume.name)
  switch (volume.medium) {
    case 'host':
      return { Type: 'bind', Source: volume.path, Target, ReadOnly: false }
    case 'claim':
      return wholeVolume(volume.id, Target, false)
    case 'disk':
      return wholeVolume(volumeName(pod.uid, volume.name), Target, false)
    case 'memory':
    case 'files': {
      const labels = { ...podLabels(pod), [LABELS.volume]: volume.name }
      return memoryMount(labels, mountOptions(volume), Target, owner, noswap)
    }
  }
}

/** Empty at first: what the image has at that path is not copied in. */
export function wholeVolume(Source: string, Target: string, ReadOnly: boolean): DockerMount {
  return { Type: 'volume', Source, Target, ReadOnly, VolumeOptions: { NoCopy: true } }
}

/** A volume that Docker makes with its sandbox, without a name, and removes with it; `options` are those of `mount`. */
function memoryMount(
  labels: Labels,
  options: string[],
  Target: string,
  owner: Ownership,
  noswap: boolean,
): DockerMount {
  const o = [...options, ...(noswap ? ['noswap'] : [])].join(',')
  return {
    Type: 'volume',
    Target,
    ReadOnly: false,
    VolumeOptions: {
      NoCopy: true,
      Labels: { ...ownerLabels(owner), ...labels, [LABELS.kind]: 'memory-volume' },
      DriverConfig: { Name: 'local', Options: { type: 'tmpfs', device: 'tmpfs', o } },
    },
  }
}

function mountOptions(spec: MemoryVolume): string[] {
  const sticky = spec.medium === 'files' ? 1 : 0
  const options = [`mode=${sticky + (spec.group === undefined ? 0 : 2)}777`]
  if (spec.group !== undefined) options.push(`gid=${spec.group}`)
  if (spec.medium === 'memory' && spec.sizeLimitBytes !== undefined) options.push(`size=${spec.sizeLimitBytes}`)
  return options
}
