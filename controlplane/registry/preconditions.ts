import { ApiError } from '../../shared/api/api-error.ts'
import type { Preconditions } from '../../shared/api/generated/meta-v1.ts'
import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

/** Throws Conflict where `current` is not the one that the writer means. */
export function checkPreconditions(kind: Kind, current: Persisted<KubeObject>, wanted: Preconditions = {}): void {
  const { uid, resourceVersion } = current.metadata
  const fail = (what: string, expected: string, actual: string) =>
    ApiError.conflict(
      kind,
      current.metadata.name,
      `Precondition failed: ${what} in precondition: ${expected}, ${what} in object meta: ${actual}`,
    )
  if (wanted.uid !== undefined && wanted.uid !== uid) throw fail('UID', wanted.uid, uid)
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
    throw fail('ResourceVersion', wanted.resourceVersion, resourceVersion)
  }
}

/** Throws Conflict where a changed object was made from another version, or is another object of that name. */
export function checkSameVersion(kind: Kind, current: Persisted<KubeObject>, proposed: KubeObject): void {
  const { uid, resourceVersion } = proposed.metadata
  if (uid) checkPreconditions(kind, current, { uid })
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) {
    throw ApiError.conflict(kind, current.metadata.name, MODIFIED)
  }
}
