import type { Endpoint } from '../../shared/api/generated/discovery-v1.ts'
import type { EndpointSlice, Service } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { DEFAULT_CLUSTER_FACTS } from '../../shared/cluster-facts.ts'
import { SERVICE_NAME_LABEL } from '../../shared/endpoint-slices.ts'
import type { NetworkFrame, NetworkObject } from '../../shared/protocol/network-frames.ts'

const metadata = (name: string, resourceVersion: number) => ({
  name,
  namespace: 'default',
  uid: `uid-${name}`,
  resourceVersion: String(resourceVersion),
  creationTimestamp: '2030-01-01T00:00:00Z',
})

/** As agents get it. */
export function aNode(name: string, number: number): Extract<NetworkObject, { kind: 'Node' }> {
  const object = {
    name,
    uid: `uid-${name}`,
    podCIDRs: [`10.42.${number}.0/24`],
    internalIPs: [`192.0.2.${number}`],
  }
  return { kind: 'Node', object }
}

/** As agents get it: one port, 80 to 8080. */
export function aService(
  name: string,
  spec: Service['spec'] = {},
  resourceVersion = 1,
): Extract<NetworkObject, { kind: 'Service' }> {
  const object: Persisted<Service> = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name, resourceVersion),
    spec: { clusterIP: '10.43.0.20', ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }], ...spec },
  }
  return { kind: 'Service', object }
}

/** As agents get it: port 8080 of these endpoints, in the slice `SERVICE-1` unless told otherwise. */
export function aSlice(
  service: string,
  endpoints: Endpoint[],
  resourceVersion = 1,
  name = `${service}-1`,
): Extract<NetworkObject, { kind: 'EndpointSlice' }> {
  const object: Persisted<EndpointSlice> = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata(name, resourceVersion), labels: { [SERVICE_NAME_LABEL]: service } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints,
  }
  return { kind: 'EndpointSlice', object }
}

export function anEndpoint(
  address: string,
  podUid: string,
  conditions: Endpoint['conditions'] = { ready: true },
): Endpoint {
  return {
    addresses: [address],
    conditions,
    targetRef: { kind: 'Pod', namespace: 'default', name: podUid, uid: podUid },
  }
}

/** All of the network in one frame, unless `more` says otherwise. */
export function networkFrame(set: NetworkObject[], more: Partial<NetworkFrame> = {}): NetworkFrame {
  const versions = { appliesTo: 0, resultsIn: 1, more: false }
  return { type: 'network', mode: 'complete', ...versions, cluster: DEFAULT_CLUSTER_FACTS, set, remove: [], ...more }
}
