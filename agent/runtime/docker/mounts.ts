import type { PodIdentity, VolumeSpec } from '../runtime.ts'
import { VOLUMES_DIRECTORY, volumeName } from './volumes.ts'

/** An entry of `HostConfig.Mounts`. */
export interface DockerMount {
  Type: 'volume' | 'bind'
  Source: string
  Target: string
  ReadOnly: boolean
  VolumeOptions?: { NoCopy: true }
  BindOptions?: { Propagation?: 'rslave' | 'rshared'; NonRecursive?: true; ReadOnlyNonRecursive?: true }
}

/** Where a sandbox has a volume. */
export function placeInSandbox(volume: string): string {
  return `${VOLUMES_DIRECTORY}/${volume}`
}

export function sandboxMount({ uid }: PodIdentity, volume: VolumeSpec): DockerMount {
  const Target = placeInSandbox(volume.name)
  if (volume.medium === 'host') return { Type: 'bind', Source: volume.path, Target, ReadOnly: false }
  return wholeVolume(volume.medium === 'claim' ? volume.id : volumeName(uid, volume.name), Target, false)
}

/** Empty at first: what the image has at that path is not copied in. */
export function wholeVolume(Source: string, Target: string, ReadOnly: boolean): DockerMount {
  return { Type: 'volume', Source, Target, ReadOnly, VolumeOptions: { NoCopy: true } }
}
