import type { ServiceSpec } from '../../shared/api/generated/core-v1.ts'
import type { EndpointSlice, Endpoints, Service } from '../../shared/api/kinds.ts'

/** Port 80 of the Pods with `app: NAME`. */
export function aService(name: string, spec: ServiceSpec = {}): Service {
  return { metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec } }
}

export function someEndpoints(name: string): Endpoints {
  return { metadata: { name }, subsets: [{ addresses: [{ ip: '10.42.0.5' }], ports: [{ port: 80 }] }] }
}

export function anEndpointSlice(name: string, of: Partial<EndpointSlice> = {}): EndpointSlice {
  return {
    metadata: { name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.42.0.5'], conditions: { ready: true } }],
    ports: [{ port: 80 }],
    ...of,
  }
}
