import { isDeepStrictEqual } from 'node:util'
import { STORAGE_CLASSES, type StorageClass } from '../../../shared/api/kinds.ts'
import { LOCAL_PROVISIONER } from '../../../shared/storage/local-volumes.ts'
import { validateAllowedTopologies } from '../storage/allowed-topologies-validation.ts'
import { strategy } from '../strategy.ts'
import { storageClassColumns } from '../tables/storage-columns.ts'
import { isDnsSubdomain, isQualifiedName } from '../validation/names.ts'

const RECLAIM_POLICIES = ['Delete', 'Retain']
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer']
const FIXED = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const
/** Upstream words these two differently. */
const IMMUTABLE = {
  parameters: 'updates to parameters are forbidden.',
  provisioner: 'updates to provisioner are forbidden.',
  reclaimPolicy: 'updates to reclaimPolicy are forbidden.',
  volumeBindingMode: 'field is immutable',
}

export const storageClassStrategy = strategy<StorageClass>({
  kind: STORAGE_CLASSES,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  isReturnedWhenGone: true,
  selectableFields: {},
  columns: storageClassColumns,

  applyDefaults(storageClass) {
    storageClass.reclaimPolicy ??= 'Delete'
    storageClass.volumeBindingMode ??= 'Immediate'
  },

  validate(storageClass, errors) {
    const { provisioner, reclaimPolicy, volumeBindingMode, parameters = {}, allowVolumeExpansion } = storageClass
    const { allowedTopologies = [], mountOptions = [] } = storageClass
    if (!provisioner) errors.required('provisioner')
    else for (const why of isQualifiedName(provisioner.toLowerCase())) errors.invalid('provisioner', provisioner, why)
    errors.oneOf('reclaimPolicy', reclaimPolicy, RECLAIM_POLICIES)
    errors.oneOf('volumeBindingMode', volumeBindingMode, BINDING_MODES)
    validateAllowedTopologies(allowedTopologies, 'allowedTopologies', errors)
    if (provisioner !== LOCAL_PROVISIONER) return
    if (Object.keys(parameters).length > 0) errors.forbidden('parameters', `${LOCAL_PROVISIONER} has no parameters`)
    if (mountOptions.length > 0) errors.forbidden('mountOptions', `${LOCAL_PROVISIONER} takes no mount options`)
    if (allowVolumeExpansion) errors.forbidden('allowVolumeExpansion', 'Docker volumes have no size that could grow')
  },

  validateUpdate(storageClass, current, errors) {
    for (const field of FIXED) {
      if (isDeepStrictEqual(storageClass[field], current[field])) continue
      if (field === 'volumeBindingMode') errors.invalid(field, storageClass[field], IMMUTABLE[field])
      else errors.forbidden(field, IMMUTABLE[field])
    }
  },
})
