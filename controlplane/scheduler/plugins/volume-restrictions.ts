import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { claimNamesOf } from '../../../shared/storage/pod-claims.ts'
import { FITS, type FilterPlugin, refuse } from '../framework.ts'

const IN_USE = refuse('node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode')

/** Lets only one Pod at a time have a claim of access mode ReadWriteOncePod. */
export const volumeRestrictions: FilterPlugin = {
  name: 'VolumeRestrictions',
  filter({ pod }, { storage, nodes }) {
    const exclusive = claimKeysOf(pod).filter((key) =>
      storage.claim(key)?.spec.accessModes?.includes('ReadWriteOncePod'),
    )
    if (exclusive.length === 0) return undefined
    const isUsed = nodes.some((node) =>
      [...node.pods.values()].some((other) => claimKeysOf(other.pod).some((key) => exclusive.includes(key))),
    )
    return () => (isUsed ? IN_USE : FITS)
  },
  wokenBy: {
    storageChanged: 'always',
    podRemoved: ({ pod }, change) => {
      const freed = claimKeysOf(change.pod.pod)
      return claimKeysOf(pod).some((key) => freed.includes(key))
    },
  },
}

function claimKeysOf({ metadata, spec }: Persisted<Pod>): string[] {
  return claimNamesOf(spec, metadata.name).map((name) => `${metadata.namespace}/${name}`)
}
