import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import type { PodIdentity } from '../../runtime/runtime.ts'

export function identityOf({ metadata }: Pod): PodIdentity {
  return { uid: metadata.uid ?? '', namespace: metadata.namespace ?? '', name: metadata.name ?? '' }
}
