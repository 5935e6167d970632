import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import { compareStrings } from '../../shared/compare-strings.ts'

/** Orders by the time of creation; those of one second by name. */
export function oldestFirst({ metadata: a }: Persisted<KubeObject>, { metadata: b }: Persisted<KubeObject>): number {
  return compareStrings(a.creationTimestamp, b.creationTimestamp) || compareStrings(a.name, b.name)
}
