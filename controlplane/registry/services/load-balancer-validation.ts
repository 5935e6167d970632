import type { ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import type { Service } from '../../../shared/api/kinds.ts'
import { isCidr } from '../validation/addresses.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isPortNumber, isQualifiedName } from '../validation/names.ts'
import { isLoadBalancer, needsHealthCheck } from './service-type.ts'

export const SOURCE_RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges'
const ONLY_THERE = "may only be used when `type` is 'LoadBalancer'"

/** What only a Service of type LoadBalancer may say. */
export function validateLoadBalancer({ metadata, spec }: Service, errors: FieldErrors): void {
  const annotation = metadata.annotations?.[SOURCE_RANGES_ANNOTATION]
  if (spec.loadBalancerSourceRanges) validateSourceRanges(spec, 'spec.LoadBalancerSourceRanges', errors)
  else if (annotation !== undefined) validateRangesAnnotation(spec, annotation, errors)
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer(spec)) {
    errors.forbidden('spec.allocateLoadBalancerNodePorts', ONLY_THERE)
  }
  validateClass(spec, 'spec.loadBalancerClass', errors)
  validateHealthCheck(spec, 'spec.healthCheckNodePort', errors)
}

export function validateLoadBalancerUpdate(
  spec: ServiceSpec,
  before: ServiceSpec,
  path: string,
  errors: FieldErrors,
): void {
  if (isLoadBalancer(spec) && isLoadBalancer(before) && spec.loadBalancerClass !== before.loadBalancerClass) {
    errors.invalid(`${path}.loadBalancerClass`, spec.loadBalancerClass, 'may not change once set')
  }
  const isKept = !needsHealthCheck(spec) || !needsHealthCheck(before)
  if (!isKept && before.healthCheckNodePort && spec.healthCheckNodePort !== before.healthCheckNodePort) {
    errors.forbidden(`${path}.healthCheckNodePort`, 'field is immutable')
  }
}

function validateSourceRanges(spec: ServiceSpec, path: string, errors: FieldErrors): void {
  if (!isLoadBalancer(spec)) errors.forbidden(path, ONLY_THERE)
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    errors.check(`${path}[${index}]`, range.trim(), isCidr)
  }
}

/** The same as a list with commas, from before there was a field. */
function validateRangesAnnotation(spec: ServiceSpec, annotation: string, errors: FieldErrors): void {
  const path = `metadata.annotations[${SOURCE_RANGES_ANNOTATION}]`
  if (!isLoadBalancer(spec)) errors.forbidden(path, ONLY_THERE)
  if (!annotation.trim()) return
  for (const range of annotation.split(',')) errors.check(path, range.trim(), isCidr)
}

function validateClass(spec: ServiceSpec, path: string, errors: FieldErrors): void {
  if (spec.loadBalancerClass === undefined) return
  if (isLoadBalancer(spec)) errors.check(path, spec.loadBalancerClass, isQualifiedName)
  else errors.forbidden(path, ONLY_THERE)
}

function validateHealthCheck(spec: ServiceSpec, path: string, errors: FieldErrors): void {
  const port = spec.healthCheckNodePort
  if (port === undefined) return
  const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
  if (!needsHealthCheck(spec)) errors.invalid(path, port, why)
  else for (const wrong of isPortNumber(port)) errors.invalid(path, port, wrong)
}
