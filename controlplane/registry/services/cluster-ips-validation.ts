import type { ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import { isAddress } from '../validation/addresses.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { HEADLESS, isHeadless, needsClusterIp } from './service-type.ts'

/** `clusterIP` and `clusterIPs` say the same, and what they say can be an address. */
export function validateClusterIps(spec: ServiceSpec, path: string, errors: FieldErrors): void {
  const { clusterIP, clusterIPs = [], type } = spec
  const at = `${path}.clusterIPs`
  if (isHeadless(spec) && (type === 'LoadBalancer' || type === 'NodePort')) {
    errors.invalid(`${at}[0]`, HEADLESS, `may not be set to 'None' for ${type} services`)
  }
  if (clusterIP) {
    if (clusterIPs.length === 0) errors.required(at)
    else if (clusterIPs[0] !== clusterIP) errors.invalid(at, clusterIPs, 'first value must match `clusterIP`')
  } else if (clusterIPs.length > 0) {
    errors.invalid(at, clusterIPs, 'must be empty when `clusterIP` is not specified')
  }
  validateEach(clusterIPs, at, errors)
  if (clusterIPs.length > 2) errors.invalid(at, clusterIPs, 'may only hold up to 2 values')
}

function validateEach(clusterIPs: readonly string[], path: string, errors: FieldErrors): void {
  for (const [index, address] of clusterIPs.entries()) {
    if (index > 0 || address !== HEADLESS) errors.check(`${path}[${index}]`, address, isAddress)
    else if (clusterIPs.length > 1) errors.invalid(path, clusterIPs, "'None' must be the first and only value")
  }
}

/** An address stays with its Service, unless the Service becomes a mere name or was one. */
export function validateClusterIpsUpdate(
  spec: ServiceSpec,
  before: ServiceSpec,
  path: string,
  errors: FieldErrors,
): void {
  if (!needsClusterIp(spec) || !needsClusterIp(before)) return
  const [address] = spec.clusterIPs ?? []
  const [old] = before.clusterIPs ?? []
  const at = `${path}.clusterIPs[0]`
  if (old && !address) errors.invalid(at, spec.clusterIPs ?? [], 'primary clusterIP can not be unset')
  else if (old !== address) errors.invalid(at, spec.clusterIPs ?? [], 'may not change once set')
  if (isHeadless(spec) || isHeadless(before)) return
  if (spec.ipFamilies?.[0] !== before.ipFamilies?.[0]) {
    errors.invalid(`${path}.ipFamilies[0]`, spec.ipFamilies ?? [], 'may not change once set')
  }
}
