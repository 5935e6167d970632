import type { PodSpec, Volume } from '../api/generated/core-v1.ts'

/** The name of the claim that a volume of a Pod stands for; undefined for all other volumes. */
export function claimNameOf(volume: Volume, podName: string): string | undefined {
  return volume.ephemeral ? `${podName}-${volume.name}` : volume.persistentVolumeClaim?.claimName
}

/** The names of all claims of a Pod, in its own namespace. */
export function claimNamesOf(spec: Pick<PodSpec, 'volumes'> | undefined, podName: string): string[] {
  return (spec?.volumes ?? []).flatMap((volume) => claimNameOf(volume, podName) ?? [])
}
