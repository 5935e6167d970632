import { ApiError } from '../../../shared/api/api-error.ts'
import type { ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import { SERVICES, type Service } from '../../../shared/api/kinds.ts'
import type { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Random } from '../../../shared/random.ts'
import { FieldErrors } from '../validation/field-errors.ts'
import { numberPool, pickFree } from './number-pool.ts'
import { isHeadless, needsClusterIp } from './service-type.ts'

/** The address that a Service holds, if it holds one. */
export function clusterIpOf(spec: ServiceSpec): readonly string[] {
  return needsClusterIp(spec) && !isHeadless(spec) && spec.clusterIP ? [spec.clusterIP] : []
}

/** Whether a Service is to have an address that it does not have yet. */
export function wantsClusterIp(spec: ServiceSpec, before: ServiceSpec | undefined): boolean {
  if (!needsClusterIp(spec) || isHeadless(spec)) return false
  return !spec.clusterIP || spec.clusterIP !== before?.clusterIP
}

/** Gives a Service the address it asks for, or any. Throws Invalid where it cannot have it. */
export function giveClusterIp(
  { metadata, spec }: Service,
  range: Ipv4Range,
  taken: ReadonlySet<string>,
  random: Random,
): void {
  const wrong = spec.clusterIP && whyNot(spec.clusterIP, range, taken)
  if (wrong) {
    const errors = new FieldErrors()
    errors.invalid('spec.clusterIPs', spec.clusterIPs, `failed to allocate IP ${spec.clusterIP}: ${wrong}`)
    throw ApiError.invalid(SERVICES, metadata.name ?? '', errors.list)
  }
  spec.clusterIP ||= anyAddress(range, taken, random)
  spec.clusterIPs = [spec.clusterIP]
}

/** The first and the last address of a range are never used. */
function whyNot(address: string, range: Ipv4Range, taken: ReadonlySet<string>): string | undefined {
  const place = range.placeOf(address)
  if (!place || place === range.size - 1) {
    return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${range}`
  }
  return taken.has(address) ? 'provided IP is already allocated' : undefined
}

function anyAddress(range: Ipv4Range, taken: ReadonlySet<string>, random: Random): string {
  const { lowerBand } = numberPool(range.size, 16, 256)
  const pool = { size: range.size - 2, lowerBand }
  const place = pickFree(pool, (number) => taken.has(range.at(number + 1)), random)
  if (place !== undefined) return range.at(place + 1)
  throw new ApiError('InternalError', 'Internal error occurred: failed to allocate a serviceIP: range is full')
}
