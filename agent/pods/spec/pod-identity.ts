import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import type { PodIdentity } from '../../runtime/runtime.ts'

export function identityOf({ metadata }: Pod): PodIdentity {
  return { uid: metadata.uid ?? '', namespace: metadata.namespace ?? '', name: metadata.name ?? '' }
}

/** As the kubelet's messages name a Pod: `web_default(5a1c...)`. */
export function podInWords(pod: Pod): string {
  const { name, namespace, uid } = identityOf(pod)
  return `${name}_${namespace}(${uid})`
}
