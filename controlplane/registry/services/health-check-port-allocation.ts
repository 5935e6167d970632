import { ApiError } from '../../../shared/api/api-error.ts'
import type { ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import type { Random } from '../../../shared/random.ts'
import { nodePortsOf } from './node-port-allocation.ts'
import { anyNodePort, refusalOfNodePort } from './node-port-pool.ts'
import type { PortRange } from './service-network.ts'
import { needsHealthCheck } from './service-type.ts'

/** The port of the nodes that a Service holds for load balancers to ask; none, or one. */
export function healthCheckPortOf(spec: ServiceSpec | undefined): number[] {
  return spec && needsHealthCheck(spec) && spec.healthCheckNodePort ? [spec.healthCheckNodePort] : []
}

/** Whether a Service is to have such a port that it does not have yet. */
export function wantsHealthCheckPort(spec: ServiceSpec, before: ServiceSpec | undefined): boolean {
  if (!needsHealthCheck(spec)) return false
  const [held] = healthCheckPortOf(before)
  return !spec.healthCheckNodePort || spec.healthCheckNodePort !== held
}

/** Gives a Service the port it asks for, or any. Throws InternalError where it cannot have it. */
export function giveHealthCheckPort(
  spec: ServiceSpec,
  range: PortRange,
  taken: ReadonlySet<string>,
  random: Random,
): void {
  const inUse = new Set([...taken, ...[...nodePortsOf(spec)].map(String)])
  const wanted = spec.healthCheckNodePort
  const refusal = wanted && refusalOfNodePort(wanted, range, inUse)
  if (refusal) throw failure(`requested HealthCheck NodePort ${wanted}: ${refusal}`)
  const port = wanted ?? anyNodePort(range, (port) => inUse.has(String(port)), random)
  if (port === undefined) throw failure('a HealthCheck NodePort 0: range is full')
  spec.healthCheckNodePort = port
}

function failure(what: string): ApiError {
  return new ApiError('InternalError', `Internal error occurred: failed to allocate ${what}`)
}
