import type { KubeObject } from '../../../shared/api/object.ts'
import { FOREGROUND_FINALIZER } from '../../../shared/deletion-finalizers.ts'

export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false
}

/** Its deletion was asked for, and waits for that of its dependents. */
export function isDeletingDependents(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, FOREGROUND_FINALIZER)
}
