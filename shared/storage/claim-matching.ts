import type { PersistentVolume, PersistentVolumeClaim } from '../api/kinds.ts'
import type { Persisted } from '../api/object.ts'
import { parseMilli } from '../quantity.ts'
import { matchesLabelSelector } from '../selectors.ts'

type Volume = Persisted<PersistentVolume>
type Claim = Persisted<PersistentVolumeClaim>

/** The volume says that it is this claim's, or is kept for one of this name. */
export function isReservedFor({ spec: { claimRef } }: Pick<PersistentVolume, 'spec'>, { metadata }: Claim): boolean {
  if (!claimRef || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false
  return !claimRef.uid || claimRef.uid === metadata.uid
}

/** Both sides say so. */
export function areBound(volume: Volume, claim: Claim): boolean {
  return claim.spec.volumeName === volume.metadata.name && volume.spec.claimRef?.uid === claim.metadata.uid
}

/**
 * The volume that an unbound claim shall have: the one that is kept for it, or else the smallest that is large enough
 * and that nobody has. `accepts` narrows the choice among the latter.
 */
export function bestVolume(
  claim: Claim,
  volumes: readonly Volume[],
  accepts: (volume: Volume) => boolean = () => true,
): Volume | undefined {
  const fitting = volumes.filter((volume) => !volume.metadata.deletionTimestamp && suits(volume, claim))
  const kept = fitting.find((volume) => isReservedFor(volume, claim))
  if (kept) return kept
  const free = fitting.filter((volume) => !volume.spec.claimRef && accepts(volume))
  return free.sort((a, b) => Number(sizeOf(a) - sizeOf(b)) || (a.metadata.name < b.metadata.name ? -1 : 1))[0]
}

function suits(volume: Volume, { spec }: Claim): boolean {
  const modes = volume.spec.accessModes ?? []
  return (
    (volume.spec.storageClassName ?? '') === (spec.storageClassName ?? '') &&
    (volume.spec.volumeMode ?? 'Filesystem') === (spec.volumeMode ?? 'Filesystem') &&
    (spec.accessModes ?? []).every((mode) => modes.includes(mode)) &&
    sizeOf(volume) >= parseMilli(spec.resources?.requests?.storage ?? '0') &&
    (!spec.selector || matchesLabelSelector(spec.selector, volume.metadata.labels))
  )
}

function sizeOf({ spec }: Volume): bigint {
  return parseMilli(spec.capacity?.storage ?? '0')
}
