import type { EndpointSlice, Service } from '../../shared/api/kinds.ts'

export interface SampleEndpoint {
  address: string
  hostname?: string
  ready?: boolean
}

export function sampleService(name: string, spec: Service['spec'] = {}, namespace = 'default'): Service {
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }]
  return { metadata: { namespace, name }, spec: { type: 'ClusterIP', clusterIP: '10.43.0.20', ports, ...spec } }
}

export function sampleSlice(
  service: string,
  endpoints: readonly SampleEndpoint[],
  namespace = 'default',
): EndpointSlice {
  return {
    metadata: { namespace, name: `${service}-x`, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: endpoints.map(({ address, hostname, ready = true }) => ({
      addresses: [address],
      conditions: { ready },
      ...(hostname === undefined ? {} : { hostname }),
    })),
  }
}
