import type { KubeObject } from '../../../shared/api/object.ts'

/** Holds an owner until the dependents that block its deletion are gone. */
export const FOREGROUND = 'foregroundDeletion'
/** Holds an owner until its dependents are no longer its own. */
export const ORPHAN = 'orphan'

export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false
}

/** Its deletion was asked for, and waits for that of its dependents. */
export function isDeletingDependents(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, FOREGROUND)
}
