import { isDeepStrictEqual } from 'node:util'
import type { PersistentVolumeClaimSpec } from '../../../shared/api/generated/core-v1.ts'
import { PERSISTENT_VOLUME_CLAIMS, type PersistentVolumeClaim } from '../../../shared/api/kinds.ts'
import { CLAIM_PROTECTION_FINALIZER } from '../../../shared/storage/local-volumes.ts'
import { applyClaimDefaults, claimSpecWarnings, refuseUnhonoured, validateClaimSpec } from '../storage/claim-spec.ts'
import { applyClassAnnotation, classAnnotationWarnings } from '../storage/class-annotation.ts'
import { strategy } from '../strategy.ts'
import { persistentVolumeClaimColumns } from '../tables/storage-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'
import { withFinalizer } from './finalizer.ts'

const IMMUTABLE =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
const NOT_RESIZABLE =
  'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize'

export const persistentVolumeClaimStrategy = strategy<PersistentVolumeClaim>({
  kind: PERSISTENT_VOLUME_CLAIMS,
  nameRule: isDnsSubdomain,
  hasStatus: true,
  isReturnedWhenGone: true,
  selectableFields: {},
  columns: persistentVolumeClaimColumns,

  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' }
    applyClassAnnotation(claim)
    withFinalizer(claim, CLAIM_PROTECTION_FINALIZER)
  },

  applyDefaults({ spec }) {
    applyClaimDefaults(spec)
  },

  validate({ spec }, errors) {
    validateClaimSpec(spec, 'spec', errors)
    refuseUnhonoured(spec, 'spec', errors)
  },

  warnings: (claim) => [...classAnnotationWarnings(claim), ...claimSpecWarnings(claim.spec, 'spec')],

  validateUpdate({ spec }, { spec: before }, errors) {
    if (!isDeepStrictEqual(fixedPart(spec, before), fixedPart(before, before))) errors.forbidden('spec', IMMUTABLE)
    else if (!isDeepStrictEqual(spec.resources, before.resources)) errors.forbidden('spec.resources', NOT_RESIZABLE)
  },
})

/** Volume and class may be set once, where they were not given. */
function fixedPart({ resources: _, ...spec }: PersistentVolumeClaimSpec, before: PersistentVolumeClaimSpec): object {
  const { volumeName, storageClassName, ...rest } = spec
  return {
    ...rest,
    ...(before.volumeName ? { volumeName } : {}),
    ...(before.storageClassName === undefined ? {} : { storageClassName }),
  }
}
