import type { KubeObject, ObjectMeta, Persisted } from '../../../shared/api/object.ts'
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../../../shared/deletion-finalizers.ts'
import type { Strategy } from '../strategy.ts'
import type { FieldErrors } from './field-errors.ts'
import { validateAnnotations, validateLabels } from './labels.ts'
import { isDnsLabel, isQualifiedName, prefixRule } from './names.ts'

const STANDARD_FINALIZERS = ['kubernetes', ORPHAN_FINALIZER, FOREGROUND_FINALIZER]

export function validateObjectMeta({ nameRule, kind }: Strategy, metadata: ObjectMeta, errors: FieldErrors): void {
  if (metadata.generateName) errors.check('metadata.generateName', metadata.generateName, prefixRule(nameRule))
  if (metadata.name) errors.check('metadata.name', metadata.name, nameRule)
  else errors.required('metadata.name', 'name or generateName is required')
  if (kind.namespaced) errors.check('metadata.namespace', metadata.namespace ?? '', isDnsLabel)
  validateLabels(metadata.labels, 'metadata.labels', errors)
  validateAnnotations(metadata.annotations, 'metadata.annotations', errors)
  validateOwners(metadata, errors)
  validateFinalizers(metadata.finalizers ?? [], errors)
}

/** What may not be added to an object that is on its way out. */
export function validateObjectMetaUpdate(
  object: KubeObject,
  current: Persisted<KubeObject>,
  errors: FieldErrors,
): void {
  if (!current.metadata.deletionTimestamp) return
  const added = (object.metadata.finalizers ?? []).filter((name) => !current.metadata.finalizers?.includes(name))
  if (added.length === 0) return
  const names = added.map((name) => JSON.stringify(name)).join(', ')
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${names}}`
  errors.forbidden('metadata.finalizers', why)
}

function validateOwners({ ownerReferences = [] }: ObjectMeta, errors: FieldErrors): void {
  const path = 'metadata.ownerReferences'
  for (const [index, owner] of ownerReferences.entries()) {
    const at = `${path}[${index}]`
    if (!owner.apiVersion) errors.invalid(`${at}.apiVersion`, owner.apiVersion, 'version must not be empty')
    if (!owner.kind) errors.invalid(`${at}.kind`, owner.kind, 'must not be empty')
    if (!owner.name) errors.invalid(`${at}.name`, owner.name, 'must not be empty')
    if (!owner.uid) errors.invalid(`${at}.uid`, owner.uid, 'must not be empty')
  }
  const [first, second] = ownerReferences.filter(({ controller }) => controller)
  if (!first || !second) return
  const why =
    'Only one reference can have Controller set to true. ' +
    `Found "true" in references for ${first.name} and ${second.name}`
  errors.invalid(path, ownerReferences, why)
}

function validateFinalizers(finalizers: readonly string[], errors: FieldErrors): void {
  const path = 'metadata.finalizers'
  for (const name of finalizers) {
    errors.check(path, name, isQualifiedName)
    if (!name.includes('/') && !STANDARD_FINALIZERS.includes(name)) {
      errors.invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified')
    }
  }
  if (finalizers.includes(ORPHAN_FINALIZER) && finalizers.includes(FOREGROUND_FINALIZER)) {
    const why = `finalizer ${FOREGROUND_FINALIZER} and ${ORPHAN_FINALIZER} cannot be both set`
    errors.invalid(path, finalizers, why)
  }
}
