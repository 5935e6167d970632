import type { PersistentVolumeClaimSpec } from '../../../shared/api/generated/core-v1.ts'
import { claimSpecSupport } from '../../../shared/pod-fields/claim-support.ts'
import { parseMilli } from '../../../shared/quantity.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { fractionWarning } from '../validation/fraction-warning.ts'
import { validateLabelSelector } from '../validation/labels.ts'
import { isDnsSubdomain } from '../validation/names.ts'
import { validateAccessModes } from './access-modes.ts'

/** For claims, and for templates of them in Pods. */
export function applyClaimDefaults(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem'
}

/** What is not honoured is refused elsewhere, for Pods with all their fields. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: string, errors: FieldErrors): void {
  validateAccessModes(spec.accessModes, `${path}.accessModes`, 'at least 1 access mode is required', errors)
  if (spec.selector) validateLabelSelector(spec.selector, `${path}.selector`, errors)
  validateStorage(spec.resources?.requests?.storage, `${path}.resources[storage]`, errors)
  if (spec.storageClassName) errors.check(`${path}.storageClassName`, spec.storageClassName, isDnsSubdomain)
  const modes = ['Block', 'Filesystem']
  if (spec.volumeMode) errors.oneOf(`${path}.volumeMode`, spec.volumeMode, modes)
}

/** What of it is valid but hardly meant. */
export function claimSpecWarnings({ resources = {} }: PersistentVolumeClaimSpec, path: string): string[] {
  return (['requests', 'limits'] as const).flatMap((list) =>
    fractionWarning(resources[list]?.storage, `${path}.resources.${list}[storage]`),
  )
}

/** What a claim asks for in vain. */
export function refuseUnhonoured(spec: PersistentVolumeClaimSpec, path: string, errors: FieldErrors): void {
  for (const [field, support] of Object.entries(claimSpecSupport)) {
    const value = spec[field as keyof PersistentVolumeClaimSpec]
    if (support.state === 'refused' && support.isAskedFor(value)) errors.forbidden(`${path}.${field}`, support.reason)
  }
}

function validateStorage(storage: string | undefined, path: string, errors: FieldErrors): void {
  if (storage === undefined) errors.required(path)
  else if (parseMilli(storage) <= 0n) errors.invalid(path, storage, 'must be greater than zero')
}
