import { ApiError } from '../../../shared/api/api-error.ts'
import type { ServicePort, ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import { SERVICES, type Service } from '../../../shared/api/kinds.ts'
import type { Random } from '../../../shared/random.ts'
import { FieldErrors } from '../validation/field-errors.ts'
import { anyNodePort, refusalOfNodePort } from './node-port-pool.ts'
import type { PortRange } from './service-network.ts'
import { needsNodePort } from './service-type.ts'

/** Whether a Service is to have node ports that it does not have yet. */
export function wantsNodePorts(spec: ServiceSpec, before: ServiceSpec | undefined): boolean {
  const held = nodePortsOf(before)
  return portsToServe(spec).some(({ nodePort }) => !nodePort || !held.has(nodePort))
}

/**
 * Gives a Service the node ports it asks for, or any. Throws Invalid where it cannot have them. One number serves a TCP and
 * a UDP port of the same Service, where both are the same port of it or the Service asks for that.
 */
export function giveNodePorts(
  service: Service,
  before: ServiceSpec | undefined,
  range: PortRange,
  taken: ReadonlySet<string>,
  random: Random,
): void {
  checkWanted(service, nodePortsOf(before), range, taken)
  const own = nodePortsOf(service.spec)
  const isTaken = (port: number) => own.has(port) || taken.has(String(port))
  for (const port of portsToServe(service.spec)) {
    port.nodePort ??= sharedNumber(port, service.spec) ?? anyPort(range, isTaken, random)
    own.add(port.nodePort)
  }
}

/** The ports of a Service that nodes have, or are to have, ports for. */
function portsToServe(spec: ServiceSpec): ServicePort[] {
  if (!needsNodePort(spec)) return []
  const isEvery = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false
  return (spec.ports ?? []).filter(({ nodePort }) => isEvery || nodePort)
}

/** Those that a Service holds. What is written into one that has no use for them holds nothing. */
export function nodePortsOf(spec: ServiceSpec | undefined): Set<number> {
  const ports = spec && needsNodePort(spec) ? (spec.ports ?? []) : []
  return new Set(ports.flatMap(({ nodePort }) => nodePort ?? []))
}

function checkWanted(
  { metadata, spec }: Service,
  held: ReadonlySet<number>,
  range: PortRange,
  taken: ReadonlySet<string>,
): void {
  const errors = new FieldErrors()
  for (const [index, { nodePort }] of (spec.ports ?? []).entries()) {
    const wrong = nodePort && !held.has(nodePort) && refusalOfNodePort(nodePort, range, taken)
    if (wrong) errors.invalid(`spec.ports[${index}].nodePort`, nodePort, wrong)
  }
  if (errors.list.length > 0) throw ApiError.invalid(SERVICES, metadata.name ?? '', errors.list)
}

function sharedNumber({ port, protocol }: ServicePort, { ports = [] }: ServiceSpec): number | undefined {
  const twin = ports.find((other) => other.port === port && other.protocol !== protocol && other.nodePort)
  return twin?.nodePort
}

function anyPort(range: PortRange, isTaken: (port: number) => boolean, random: Random): number {
  const port = anyNodePort(range, isTaken, random)
  if (port !== undefined) return port
  throw new ApiError('InternalError', 'Internal error occurred: failed to allocate a nodePort: range is full')
}
