import { isApiError } from '../../shared/api/api-error.ts'
import { PERSISTENT_VOLUMES, type PersistentVolume } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { isDataToBeRemoved, nodeNameOf, VOLUME_DATA_FINALIZER } from '../../shared/storage/local-volumes.ts'
import type { LiveNodeDeps } from './live-node.ts'

/** The volumes whose data a node is to remove: nobody holds them any more but for their data. */
export function volumesToRemove(
  volumes: readonly Persisted<PersistentVolume>[],
  nodeName: string,
): Persisted<PersistentVolume>[] {
  return volumes.filter((volume) => isToBeRemoved(volume, nodeName))
}

/** A node says that the data is gone. It is believed only of its own volumes that are to be removed. */
export async function forgetVolumeData(
  { client, nodeName, log }: LiveNodeDeps,
  { name, uid }: { name: string; uid: string },
): Promise<void> {
  try {
    await client.modify(PERSISTENT_VOLUMES, { name }, (draft) => {
      if (draft.metadata.uid !== uid || !isToBeRemoved(draft, nodeName)) return false
      draft.metadata.finalizers = draft.metadata.finalizers?.filter((each) => each !== VOLUME_DATA_FINALIZER) ?? []
    })
  } catch (error) {
    if (!isApiError(error, 'NotFound')) log.warn({ err: error, volume: name }, 'could not let a volume go')
  }
}

function isToBeRemoved(volume: PersistentVolume, nodeName: string): boolean {
  return nodeNameOf(volume) === nodeName && isDataToBeRemoved(volume)
}
