import type { ServiceSpec } from '../../../shared/api/generated/core-v1.ts'

/** What a Service without an address of its own has in `clusterIP`: its name stands for its Pods. */
export const HEADLESS = 'None'

export function isHeadless({ clusterIPs, clusterIP }: ServiceSpec): boolean {
  return clusterIPs ? clusterIPs.length === 1 && clusterIPs[0] === HEADLESS : clusterIP === HEADLESS
}

export function isLoadBalancer({ type }: ServiceSpec): boolean {
  return type === 'LoadBalancer'
}

/** Every type but a mere name has something in `clusterIP`, and be it None. */
export function needsClusterIp({ type }: ServiceSpec): boolean {
  return type !== 'ExternalName'
}

export function needsNodePort({ type }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer'
}

/** Reached from outside the cluster, so that its policy for such traffic means something. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  return needsNodePort(spec) || (spec.type === 'ClusterIP' && Boolean(spec.externalIPs?.length))
}

/** Load balancers ask the nodes where its Pods are. */
export function needsHealthCheck(spec: ServiceSpec): boolean {
  return isLoadBalancer(spec) && spec.externalTrafficPolicy === 'Local'
}
