import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { isDefaultClass } from '../../../shared/storage/local-volumes.ts'
import { shortAccessModes } from '../storage/access-modes.ts'
import type { TableColumn } from '../strategy.ts'
import { ageColumn, column, nameColumn, wideColumn } from './common-columns.ts'

const UNSET = '<unset>'

export const persistentVolumeColumns: readonly TableColumn<PersistentVolume>[] = [
  nameColumn,
  column('Capacity', 'How much it holds.', ({ spec }) => spec.capacity?.storage ?? ''),
  column('Access Modes', 'How it may be mounted.', ({ spec }) => shortAccessModes(spec.accessModes)),
  column(
    'Reclaim Policy',
    'What becomes of it after its claim.',
    ({ spec }) => spec.persistentVolumeReclaimPolicy ?? '',
  ),
  column('Status', 'Whether a claim has it.', phaseOf),
  column('Claim', 'The claim that has it, or had it.', ({ spec: { claimRef } }) =>
    claimRef ? `${claimRef.namespace}/${claimRef.name}` : '',
  ),
  column('StorageClass', 'Its class.', ({ spec }) => spec.storageClassName ?? ''),
  column('VolumeAttributesClass', 'Not used.', ({ spec }) => spec.volumeAttributesClassName ?? UNSET),
  column('Reason', 'Why its status is so.', ({ status }) => status?.reason ?? ''),
  ageColumn,
  wideColumn('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec.volumeMode ?? UNSET),
]

export const persistentVolumeClaimColumns: readonly TableColumn<PersistentVolumeClaim>[] = [
  nameColumn,
  column('Status', 'Whether it has a volume.', phaseOf),
  column('Volume', 'The volume that it has.', ({ spec }) => spec.volumeName ?? ''),
  column('Capacity', 'How much the volume holds.', ({ spec, status }) =>
    spec.volumeName ? (status?.capacity?.storage ?? '') : '',
  ),
  column('Access Modes', 'How the volume may be mounted.', ({ spec, status }) =>
    spec.volumeName ? shortAccessModes(status?.accessModes) : '',
  ),
  column('StorageClass', 'Its class.', ({ spec }) => spec.storageClassName ?? ''),
  column('VolumeAttributesClass', 'Not used.', ({ spec }) => spec.volumeAttributesClassName ?? UNSET),
  ageColumn,
  wideColumn('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec.volumeMode ?? UNSET),
]

export const storageClassColumns: readonly TableColumn<StorageClass>[] = [
  {
    ...nameColumn,
    cell: (storageClass: Persisted<StorageClass>) =>
      `${storageClass.metadata.name}${isDefaultClass(storageClass) ? ' (default)' : ''}`,
  } as TableColumn<StorageClass>,
  column('Provisioner', 'Who makes its volumes.', ({ provisioner }) => provisioner),
  column(
    'ReclaimPolicy',
    'What becomes of a volume after its claim.',
    ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete',
  ),
  column('VolumeBindingMode', 'When a claim gets its volume.', ({ volumeBindingMode }) => volumeBindingMode ?? UNSET),
  column('AllowVolumeExpansion', 'Whether volumes may grow.', ({ allowVolumeExpansion }) =>
    String(allowVolumeExpansion ?? false),
  ),
  ageColumn,
]

function phaseOf({ metadata, status }: Persisted<PersistentVolume | PersistentVolumeClaim>): string {
  return metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')
}
