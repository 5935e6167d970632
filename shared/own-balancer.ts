import type { Service } from './api/kinds.ts'

/** A LoadBalancer that the cluster itself is to be: one of another class is somebody else's. */
export function isOwnBalancer({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.loadBalancerClass === undefined
}
