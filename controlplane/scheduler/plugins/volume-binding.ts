import type { Volume } from '../../../shared/api/generated/core-v1.ts'
import type { FilterPlugin } from '../framework.ts'

/** The cluster has no PersistentVolumeClaims: a Pod that needs one waits, and says for what. */
export const volumeBinding: FilterPlugin = {
  name: 'VolumeBinding',
  filter({ pod }) {
    const claims = (pod.spec.volumes ?? []).map((volume) => claimNameOf(volume, pod.metadata.name))
    const [claim] = claims.filter((name) => name !== undefined)
    return claim === undefined ? undefined : { refusal: `persistentvolumeclaim "${claim}" not found` }
  },
  wokenBy: {},
}

function claimNameOf(volume: Volume, podName: string): string | undefined {
  return volume.ephemeral ? `${podName}-${volume.name}` : volume.persistentVolumeClaim?.claimName
}
