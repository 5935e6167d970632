import type { Service } from '../../../shared/api/kinds.ts'
import { isOwnBalancer } from '../../../shared/own-balancer.ts'
import { SOURCE_RANGES_ANNOTATION } from './load-balancer-validation.ts'
import { isHeadless } from './service-type.ts'

/** What a Service says in vain, or what is not done in every case. */
export function serviceWarnings(service: Service): string[] {
  const { metadata, spec } = service
  return [
    ...(isHeadless(spec) ? vainWithout('spec.clusterIP is "None"', spec) : []),
    ...(spec.type === 'ExternalName' ? vainWithout('spec.type is "ExternalName"', spec) : []),
    ...(isHeadless(spec) || spec.type === 'ExternalName' ? [] : externalAddressWarnings(spec)),
    ...(spec.loadBalancerIP && isOwnBalancer(service)
      ? ['spec.loadBalancerIP: a load balancer has the addresses of the nodes']
      : []),
    ...(metadata.annotations?.[SOURCE_RANGES_ANNOTATION] && !spec.loadBalancerSourceRanges
      ? [`metadata.annotations[${SOURCE_RANGES_ANNOTATION}]: only spec.loadBalancerSourceRanges keeps anybody out`]
      : []),
  ]
}

function vainWithout(when: string, { externalIPs, sessionAffinity, loadBalancerIP }: Service['spec']): string[] {
  return [
    ...(loadBalancerIP ? [`spec.loadBalancerIP is ignored when ${when}`] : []),
    ...(externalIPs?.length ? [`spec.externalIPs is ignored when ${when}`] : []),
    ...(sessionAffinity === 'ClientIP' ? [`spec.sessionAffinity is ignored when ${when}`] : []),
  ]
}

function externalAddressWarnings({ externalIPs = [] }: Service['spec']): string[] {
  if (externalIPs.length === 0) return []
  return [
    'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ...externalIPs.map(
      (address, index) =>
        `spec.externalIPs[${index}]: ${address} is reached from outside the cluster only where it is a node's own address`,
    ),
  ]
}
