import type { Service } from '../../../shared/api/kinds.ts'
import { SOURCE_RANGES_ANNOTATION } from './load-balancer-validation.ts'
import { isHeadless } from './service-type.ts'

/** What a Service says in vain. */
export function serviceWarnings({ metadata, spec }: Service): string[] {
  return [
    ...(isHeadless(spec) ? vainWithout('spec.clusterIP is "None"', spec) : []),
    ...(spec.type === 'ExternalName' ? vainWithout('spec.type is "ExternalName"', spec) : []),
    ...(spec.loadBalancerIP ? ['spec.loadBalancerIP: a load balancer has the addresses of the nodes'] : []),
    ...(metadata.annotations?.[SOURCE_RANGES_ANNOTATION] && !spec.loadBalancerSourceRanges
      ? [`metadata.annotations[${SOURCE_RANGES_ANNOTATION}]: only spec.loadBalancerSourceRanges keeps anybody out`]
      : []),
  ]
}

function vainWithout(when: string, { externalIPs, sessionAffinity }: Service['spec']): string[] {
  return [
    ...(externalIPs?.length ? [`spec.externalIPs is ignored when ${when}`] : []),
    ...(sessionAffinity === 'ClientIP' ? [`spec.sessionAffinity is ignored when ${when}`] : []),
  ]
}
