import type { ServicePort } from '../../../shared/api/generated/core-v1.ts'
import type { Service } from '../../../shared/api/kinds.ts'
import { compareStrings } from '../../../shared/compare-strings.ts'

/** Told of to every Pod, whatever its namespace. */
const API = { namespace: 'default', name: 'kubernetes' }

/**
 * The variables that tell a Pod of the Services of its namespace, as the kubelet makes them; without `withLinks` of the API
 * alone. Services without an address of their own have none.
 */
export function serviceEnvironment(
  services: Iterable<Service>,
  namespace: string,
  withLinks: boolean,
): Map<string, string> {
  const told = new Map<string, Service>()
  for (const service of services) {
    const { namespace: own, name = '' } = service.metadata
    const isApi = own === API.namespace && name === API.name
    const isOwn = own === namespace && withLinks
    if (!addressOf(service) || !(isApi || isOwn)) continue
    // A Service of that name in the Pod's own namespace comes before the API's.
    if (own === namespace || !told.has(name)) told.set(name, service)
  }
  const inOrder = [...told].sort(([a], [b]) => compareStrings(a, b))
  return new Map(inOrder.flatMap(([name, service]) => variablesOf(name, service)))
}

function variablesOf(serviceName: string, service: Service): [string, string][] {
  const name = variableName(serviceName)
  const address = addressOf(service) ?? ''
  const ports = service.spec.ports ?? []
  const [first] = ports
  if (!first) return [[`${name}_SERVICE_HOST`, address]]
  return [
    [`${name}_SERVICE_HOST`, address],
    [`${name}_SERVICE_PORT`, String(first.port)],
    ...ports
      .filter((port) => port.name)
      .map((port): [string, string] => [`${name}_SERVICE_PORT_${variableName(port.name ?? '')}`, String(port.port)]),
    [`${name}_PORT`, urlOf(address, first)],
    ...ports.flatMap((port) => linkVariables(name, address, port)),
  ]
}

/** In the form of Docker's links of old. */
function linkVariables(name: string, address: string, port: ServicePort): [string, string][] {
  const { protocol = 'TCP' } = port
  const prefix = `${name}_PORT_${port.port}_${protocol.toUpperCase()}`
  return [
    [prefix, urlOf(address, port)],
    [`${prefix}_PROTO`, protocol.toLowerCase()],
    [`${prefix}_PORT`, String(port.port)],
    [`${prefix}_ADDR`, address],
  ]
}

function urlOf(address: string, { protocol = 'TCP', port }: ServicePort): string {
  const host = address.includes(':') ? `[${address}]` : address
  return `${protocol.toLowerCase()}://${host}:${port}`
}

function addressOf({ spec }: Service): string | undefined {
  return spec.clusterIP && spec.clusterIP !== 'None' ? spec.clusterIP : undefined
}

function variableName(name: string): string {
  const upper = name.replace(/[.-]/g, '_').toUpperCase()
  return /^\d/.test(upper) ? `_${upper}` : upper
}
