import { isIPv6 } from 'node:net'
import type { ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { HEADLESS, isHeadless, needsClusterIp } from './service-type.ts'

/** The families that the cluster's Services can have. */
const CONFIGURED = ['IPv4']
const FAMILIES = ['IPv4', 'IPv6']
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

/**
 * What a Service of a cluster with IPv4 alone gets where it does not say. One without an address and without a selector
 * may hold endpoints of any family, since all of them are made by hand.
 */
export function applyFamilyDefaults(spec: ServiceSpec): void {
  if (!needsClusterIp(spec)) return
  const isByHand = spec.clusterIP === HEADLESS && !spec.selector
  spec.ipFamilyPolicy ??= isByHand ? 'RequireDualStack' : 'SingleStack'
  spec.ipFamilies ??= impliedFamilies(spec)
  if (isByHand && spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length === 1) {
    spec.ipFamilies.push(spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4')
  }
}

function impliedFamilies({ clusterIPs = [] }: ServiceSpec): string[] {
  const families = clusterIPs.filter((address) => address !== HEADLESS).map(familyOf)
  return families.length > 0 ? families : [...CONFIGURED]
}

export function validateFamilies(spec: ServiceSpec, path: string, errors: FieldErrors): void {
  const { ipFamilies = [], ipFamilyPolicy } = spec
  for (const [index, family] of ipFamilies.entries()) {
    const at = `${path}.ipFamilies[${index}]`
    if (!FAMILIES.includes(family)) errors.notSupported(at, family, FAMILIES)
    if (ipFamilies.indexOf(family) < index) errors.duplicate(at, family)
  }
  if (ipFamilyPolicy !== undefined && !POLICIES.includes(ipFamilyPolicy)) {
    errors.notSupported(`${path}.ipFamilyPolicy`, ipFamilyPolicy, POLICIES)
  }
  if (ipFamilyPolicy === 'SingleStack') validateSingleStack(spec, path, errors)
  if (!(spec.clusterIP === HEADLESS && !spec.selector)) validateConfigured(spec, path, errors)
  if (!isHeadless(spec)) validateMatch(spec, path, errors)
}

function validateSingleStack(spec: ServiceSpec, path: string, errors: FieldErrors): void {
  const why = (what: string) => `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`
  const at = `${path}.ipFamilyPolicy`
  if (spec.clusterIPs?.length === 2) errors.invalid(at, spec.ipFamilyPolicy, why('cluster IPs'))
  if (spec.ipFamilies?.length === 2) errors.invalid(at, spec.ipFamilyPolicy, why('IP families'))
}

function validateConfigured({ ipFamilyPolicy, ipFamilies = [] }: ServiceSpec, path: string, errors: FieldErrors): void {
  if (ipFamilyPolicy === 'RequireDualStack') {
    const why = 'this cluster is not configured for dual-stack services'
    errors.invalid(`${path}.ipFamilyPolicy`, ipFamilyPolicy, why)
  }
  for (const [index, family] of ipFamilies.entries()) {
    if (!FAMILIES.includes(family) || CONFIGURED.includes(family)) continue
    errors.invalid(`${path}.ipFamilies[${index}]`, family, 'not configured on this cluster')
  }
}

function validateMatch({ clusterIPs = [], ipFamilies = [] }: ServiceSpec, path: string, errors: FieldErrors): void {
  for (const [index, address] of clusterIPs.entries()) {
    const wanted = ipFamilies[index]
    if (wanted === undefined || wanted === familyOf(address)) continue
    const why = `expected an ${wanted} value as indicated by \`ipFamilies[${index}]\``
    errors.invalid(`${path}.clusterIPs[${index}]`, address, why)
  }
}

function familyOf(address: string): string {
  return isIPv6(address) ? 'IPv6' : 'IPv4'
}
