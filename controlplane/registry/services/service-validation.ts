import { isIP } from 'node:net'
import type { ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import type { Service } from '../../../shared/api/kinds.ts'
import { isAddress, isUnicastElsewhere } from '../validation/addresses.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateLabels } from '../validation/labels.ts'
import { isDnsSubdomain } from '../validation/names.ts'
import { validateFamilies } from './address-families.ts'
import { validateClusterIps, validateClusterIpsUpdate } from './cluster-ips-validation.ts'
import { validateLoadBalancer, validateLoadBalancerUpdate } from './load-balancer-validation.ts'
import { validateServicePorts } from './service-ports-validation.ts'
import { isExternallyAccessible, needsClusterIp } from './service-type.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const AFFINITIES = ['ClientIP', 'None']
const POLICIES = ['Cluster', 'Local']
const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone']
/** A day. */
const MOST_AFFINITY_SECONDS = 86_400

export function validateService(service: Service, errors: FieldErrors): void {
  const { spec } = service
  errors.oneOf('spec.type', spec.type, TYPES)
  validateServicePorts(spec, 'spec', errors)
  if (needsClusterIp(spec)) {
    validateClusterIps(spec, 'spec', errors)
    validateFamilies(spec, 'spec', errors)
  } else {
    validateExternalName(spec, 'spec', errors)
  }
  validateLabels(spec.selector, 'spec.selector', errors)
  validateAffinity(spec, 'spec', errors)
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    errors.check(`spec.externalIPs[${index}]`, address, isUnicastElsewhere)
  }
  validateLoadBalancer(service, errors)
  validatePolicies(spec, 'spec', errors)
}

export function validateServiceUpdate({ spec }: Service, { spec: before }: Service, errors: FieldErrors): void {
  validateClusterIpsUpdate(spec, before, 'spec', errors)
  validateLoadBalancerUpdate(spec, before, 'spec', errors)
}

function validateExternalName(spec: ServiceSpec, path: string, errors: FieldErrors): void {
  for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
    if (spec[field]) errors.forbidden(`${path}.${field}`, 'may not be set for ExternalName services')
  }
  const name = spec.externalName?.replace(/\.$/, '')
  if (name) errors.check(`${path}.externalName`, name, isDnsSubdomain)
  else errors.required(`${path}.externalName`)
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec, path: string, errors: FieldErrors) {
  errors.oneOf(`${path}.sessionAffinity`, sessionAffinity, AFFINITIES)
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (sessionAffinity !== 'ClientIP' || seconds === undefined) return
  if (seconds >= 1 && seconds <= MOST_AFFINITY_SECONDS) return
  const why = `must be greater than 0 and less than ${MOST_AFFINITY_SECONDS}`
  errors.invalid(`${path}.sessionAffinityConfig.clientIP.timeoutSeconds`, seconds, why)
}

function validatePolicies(spec: ServiceSpec, path: string, errors: FieldErrors): void {
  const { externalTrafficPolicy, internalTrafficPolicy, trafficDistribution } = spec
  const external = `${path}.externalTrafficPolicy`
  if (isExternallyAccessible(spec)) errors.oneOf(external, externalTrafficPolicy, POLICIES)
  else if (externalTrafficPolicy) {
    errors.invalid(external, externalTrafficPolicy, 'may only be set for externally-accessible services')
  }
  if (internalTrafficPolicy !== undefined && !POLICIES.includes(internalTrafficPolicy)) {
    errors.notSupported(`${path}.internalTrafficPolicy`, internalTrafficPolicy, POLICIES)
  }
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution)) {
    errors.notSupported(`${path}.trafficDistribution`, trafficDistribution, DISTRIBUTIONS)
  }
}

export function validateServiceStatus({ spec, status }: Service, errors: FieldErrors): void {
  const path = 'status.loadBalancer.ingress'
  const ingress = status?.loadBalancer?.ingress ?? []
  if (ingress.length > 0 && spec.type !== 'LoadBalancer') {
    errors.forbidden(path, 'may only be used when `spec.type` is "LoadBalancer"')
  }
  for (const [index, { ip, ipMode, hostname }] of ingress.entries()) {
    if (ip) errors.check(`${path}[${index}].ip`, ip, isAddress)
    if (ipMode && !ip) errors.forbidden(`${path}[${index}].ipMode`, 'may not be specified when `ip` is not set')
    if (ipMode && !['Proxy', 'VIP'].includes(ipMode)) {
      errors.notSupported(`${path}[${index}].ipMode`, ipMode, ['Proxy', 'VIP'])
    }
    if (hostname) errors.check(`${path}[${index}].hostname`, hostname, isHostname)
  }
}

function isHostname(text: string): string[] {
  return isIP(text) ? ['must be a DNS name, not an IP address'] : isDnsSubdomain(text)
}
