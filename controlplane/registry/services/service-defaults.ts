import type { ServicePort, ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import type { Service } from '../../../shared/api/kinds.ts'
import { isExternallyAccessible, isLoadBalancer } from './service-type.ts'

/** Three hours. */
const AFFINITY_SECONDS = 10_800

const EMPTY_IS_NONE = [
  'clusterIP',
  'externalName',
  'externalTrafficPolicy',
  'loadBalancerIP',
  'sessionAffinity',
  'type',
] as const satisfies readonly (keyof ServiceSpec)[]

export function applyServiceDefaults({ spec }: Service): void {
  for (const field of EMPTY_IS_NONE) if (!spec[field]) delete spec[field]
  if (!spec.healthCheckNodePort) delete spec.healthCheckNodePort
  if (!spec.publishNotReadyAddresses) delete spec.publishNotReadyAddresses
  spec.type ??= 'ClusterIP'
  for (const port of spec.ports ?? []) applyPortDefaults(port)
  applyAffinityDefaults(spec)
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ??= 'Cluster'
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster'
  if (isLoadBalancer(spec)) spec.allocateLoadBalancerNodePorts ??= true
}

function applyPortDefaults(port: ServicePort): void {
  if (!port.name) delete port.name
  if (!port.nodePort) delete port.nodePort
  port.protocol ||= 'TCP'
  port.targetPort ||= port.port
}

function applyAffinityDefaults(spec: ServiceSpec): void {
  spec.sessionAffinity ??= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity !== 'ClientIP') return
  const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS
  spec.sessionAffinityConfig = { clientIP: { timeoutSeconds } }
}
