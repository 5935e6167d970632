import { isDeepStrictEqual } from 'node:util'
import type { PersistentVolumeSpec } from '../../../shared/api/generated/core-v1.ts'
import { PERSISTENT_VOLUMES, type PersistentVolume } from '../../../shared/api/kinds.ts'
import { parseMilli } from '../../../shared/quantity.ts'
import { VOLUME_PROTECTION_FINALIZER } from '../../../shared/storage/local-volumes.ts'
import { validateNodeSelector } from '../pods/affinity-validation.ts'
import { validateAccessModes, validateVolumeMode } from '../storage/access-modes.ts'
import { applyClassAnnotation, classAnnotationWarnings } from '../storage/class-annotation.ts'
import { validateVolumeSource, volumeSourceOf } from '../storage/volume-source-validation.ts'
import { strategy } from '../strategy.ts'
import { persistentVolumeColumns } from '../tables/storage-columns.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { fractionWarning } from '../validation/fraction-warning.ts'
import { isDnsSubdomain } from '../validation/names.ts'
import { withFinalizer } from './finalizer.ts'

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain']

export const persistentVolumeStrategy = strategy<PersistentVolume>({
  kind: PERSISTENT_VOLUMES,
  nameRule: isDnsSubdomain,
  hasStatus: true,
  isReturnedWhenGone: true,
  selectableFields: {},
  columns: persistentVolumeColumns,

  prepareForCreate(volume) {
    volume.status = { phase: 'Pending' }
    applyClassAnnotation(volume)
    withFinalizer(volume, VOLUME_PROTECTION_FINALIZER)
  },

  applyDefaults({ spec }) {
    spec.persistentVolumeReclaimPolicy ??= 'Retain'
    spec.volumeMode ??= 'Filesystem'
    if (spec.hostPath) spec.hostPath.type ??= ''
  },

  validate({ spec }, errors) {
    validateCapacity(spec, errors)
    validateAccessModes(spec.accessModes, 'spec.accessModes', '', errors)
    validateVolumeSource(spec, 'spec', errors)
    validateVolumeMode(spec.volumeMode, 'spec.volumeMode', errors)
    const policy = spec.persistentVolumeReclaimPolicy
    errors.oneOf('spec.persistentVolumeReclaimPolicy', policy, RECLAIM_POLICIES)
    if (policy === 'Recycle') errors.forbidden('spec.persistentVolumeReclaimPolicy', 'use Delete or Retain')
    if (spec.storageClassName) errors.check('spec.storageClassName', spec.storageClassName, isDnsSubdomain)
    if (spec.mountOptions?.length)
      errors.forbidden('spec.mountOptions', 'may not specify mount options for this volume type')
    const required = spec.nodeAffinity?.required
    if (required) validateNodeSelector(required, 'spec.nodeAffinity.required', errors)
  },

  warnings: (volume) => [
    ...classAnnotationWarnings(volume),
    ...fractionWarning(volume.spec.capacity?.storage, 'spec.capacity[storage]'),
  ],

  validateUpdate({ spec }, { spec: before }, errors) {
    if (!isDeepStrictEqual(volumeSourceOf(spec), volumeSourceOf(before))) {
      errors.forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')
    }
    if (spec.volumeMode !== before.volumeMode) errors.invalid('volumeMode', spec.volumeMode, 'field is immutable')
    if (before.nodeAffinity && !isDeepStrictEqual(spec.nodeAffinity, before.nodeAffinity)) {
      errors.invalid('spec.nodeAffinity', spec.nodeAffinity ?? null, 'field is immutable')
    }
  },
})

function validateCapacity({ capacity = {} }: PersistentVolumeSpec, errors: FieldErrors): void {
  const { storage, ...others } = capacity
  if (storage === undefined || Object.keys(others).length > 0) {
    errors.notSupported('spec.capacity', Object.keys(capacity).join(','), ['storage'])
  } else if (parseMilli(storage) <= 0n) {
    errors.invalid('spec.capacity[storage]', storage, 'must be greater than zero')
  }
}
