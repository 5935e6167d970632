import type { Service } from '../../../shared/api/kinds.ts'
import { isHeadless } from './service-type.ts'

/** What a Service says in vain. */
export function serviceWarnings({ spec }: Service): string[] {
  return [
    ...(isHeadless(spec) ? vainWithout('spec.clusterIP is "None"', spec) : []),
    ...(spec.type === 'ExternalName' ? vainWithout('spec.type is "ExternalName"', spec) : []),
    ...(spec.loadBalancerIP ? ['spec.loadBalancerIP: a load balancer has the addresses of the nodes'] : []),
    ...(spec.healthCheckNodePort
      ? ['spec.healthCheckNodePort: no node answers the health checks of other load balancers']
      : []),
    ...(spec.trafficDistribution
      ? ['spec.trafficDistribution: connections go to all ready endpoints alike, wherever they are']
      : []),
  ]
}

function vainWithout(when: string, { externalIPs, sessionAffinity }: Service['spec']): string[] {
  return [
    ...(externalIPs?.length ? [`spec.externalIPs is ignored when ${when}`] : []),
    ...(sessionAffinity === 'ClientIP' ? [`spec.sessionAffinity is ignored when ${when}`] : []),
  ]
}
