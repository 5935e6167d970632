import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../../shared/api/kinds.ts'
import { claimNamesOf } from '../../../shared/storage/pod-claims.ts'

/** What is behind the claims of a Pod's namespace. */
export interface ClaimSources {
  claim(name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
}

const GROUP_ANNOTATION = 'pv.beta.kubernetes.io/gid'

/** The groups that PersistentVolumes of a Pod's claims say their data is open to: its containers are in them. */
export function groupsOfClaims({ metadata, spec }: Pod, { claim, volume }: ClaimSources): number[] {
  const names = claimNamesOf(spec, metadata.name ?? '').map((name) => claim(name)?.spec.volumeName ?? '')
  const groups = names.map((name) => volume(name)?.metadata.annotations?.[GROUP_ANNOTATION] ?? '')
  return groups.filter((group) => /^\d+$/.test(group)).map(Number)
}
