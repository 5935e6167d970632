import type { PersistentVolume, StorageClass } from '../api/kinds.ts'
import { HOSTNAME_LABEL } from '../topology-labels.ts'

/** Who makes the volumes of the class `local`: Docker volumes on the node where a claim's first Pod landed. */
export const LOCAL_PROVISIONER = 'kubette.dev/local'
/** The CSI driver that PersistentVolumes of that provisioner name; their `volumeHandle` is the Docker volume's name. */
export const LOCAL_DRIVER = 'local.kubette.dev'
/** On a PersistentVolume whose data is on a node: taken off when the node says that it is removed. */
export const VOLUME_DATA_FINALIZER = 'kubette.dev/volume-data'

export const CLAIM_PROTECTION_FINALIZER = 'kubernetes.io/pvc-protection'
export const VOLUME_PROTECTION_FINALIZER = 'kubernetes.io/pv-protection'

export const DEFAULT_CLASS_ANNOTATION = 'storageclass.kubernetes.io/is-default-class'
/** Its name before, which is still taken. */
const OLD_DEFAULT_CLASS_ANNOTATION = 'storageclass.beta.kubernetes.io/is-default-class'
export const SELECTED_NODE_ANNOTATION = 'volume.kubernetes.io/selected-node'

export function isDefaultClass({ metadata }: StorageClass): boolean {
  return [DEFAULT_CLASS_ANNOTATION, OLD_DEFAULT_CLASS_ANNOTATION].some((key) => metadata.annotations?.[key] === 'true')
}

/** The Docker volume that holds the data of a PersistentVolume; undefined for those of other sources. */
export function dockerVolumeOf({ spec }: Pick<PersistentVolume, 'spec'>): string | undefined {
  return spec.csi?.driver === LOCAL_DRIVER ? spec.csi.volumeHandle : undefined
}

/** Only its data holds it back: the node may remove it. A volume that is deleted by hand under Retain keeps its data. */
export function isDataToBeRemoved(volume: PersistentVolume): boolean {
  const { finalizers = [], deletionTimestamp } = volume.metadata
  const hasOnlyData = finalizers.includes(VOLUME_DATA_FINALIZER) && !finalizers.includes(VOLUME_PROTECTION_FINALIZER)
  const isOurs = dockerVolumeOf(volume) !== undefined && volume.spec.persistentVolumeReclaimPolicy === 'Delete'
  return deletionTimestamp !== undefined && hasOnlyData && isOurs
}

/** The node to which a volume's affinity ties it, where that is a single one. */
export function nodeNameOf({ spec }: Pick<PersistentVolume, 'spec'>): string | undefined {
  const [term, ...others] = spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
  const onHost = term?.matchExpressions?.find(({ key, operator }) => key === HOSTNAME_LABEL && operator === 'In')
  return others.length === 0 && onHost?.values?.length === 1 ? onHost.values[0] : undefined
}
