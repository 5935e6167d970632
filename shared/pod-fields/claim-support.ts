import type { PersistentVolumeClaimSpec } from '../api/generated/core-v1.ts'
import { type FieldSupport, honoured, refused, refusedIf } from './field-support.ts'

const BEGINS_EMPTY = 'volumes begin empty: there are no snapshots, clones or populators'

/** Also of claims that are objects of their own. */
export const claimSpecSupport: Record<keyof PersistentVolumeClaimSpec, FieldSupport> = {
  accessModes: honoured,
  dataSource: refused(BEGINS_EMPTY),
  dataSourceRef: refused(BEGINS_EMPTY),
  resources: honoured,
  selector: honoured,
  storageClassName: honoured,
  volumeAttributesClassName: refused('there are no VolumeAttributesClasses'),
  volumeMode: refusedIf('Block', (mode: string) => mode === 'Block', 'Docker has no raw block volumes'),
  volumeName: honoured,
}
