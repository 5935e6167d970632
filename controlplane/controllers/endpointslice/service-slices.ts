import type { Endpoint, EndpointPort } from '../../../shared/api/generated/discovery-v1.ts'
import { type Node, type Pod, SERVICES, type Service } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL, SLICE_CONTROLLER } from '../../../shared/endpoint-slices.ts'
import { controllerRefTo } from '../ownership/controller-ref.ts'
import { hasClusterIp, hasEndpoint } from '../services/pod-endpoints.ts'
import { type DesiredSlices, type EndpointGroup, HEADLESS_LABEL, portsKey } from '../slices/desired-slices.ts'
import { podEndpoint, podPorts } from './pod-endpoint.ts'

const CAPACITY = 100
const RESERVED = [SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL]

/** What the slices of a Service are to say, given the Pods it selects and their nodes. */
export function serviceSlices(
  service: Persisted<Service>,
  pods: readonly Persisted<Pod>[],
  nodeOf: (pod: Pod) => Persisted<Node> | undefined,
): DesiredSlices {
  const { namespace = '', name } = service.metadata
  const families = service.spec.ipFamilies ?? ['IPv4']
  return {
    namespace,
    name,
    owner: controllerRefTo(SERVICES, service),
    labels: labelsFor(service),
    groups: families.flatMap((family) => groupsOf(service, pods, nodeOf, family)),
    capacity: CAPACITY,
  }
}

/** One for each list of ports that Pods have; an empty one where there is nothing, so that there is a slice at all. */
function groupsOf(
  service: Persisted<Service>,
  pods: readonly Persisted<Pod>[],
  nodeOf: (pod: Pod) => Persisted<Node> | undefined,
  addressType: string,
): EndpointGroup[] {
  const groups = new Map<string, { addressType: string; ports: EndpointPort[]; endpoints: Endpoint[] }>()
  for (const pod of pods.filter(hasEndpoint)) {
    const node = nodeOf(pod)
    // A node that is not there, as after its Node was deleted, takes its Pods along.
    if (!node && !service.spec.publishNotReadyAddresses) continue
    const endpoint = podEndpoint(pod, service, node, addressType)
    if (!endpoint) continue
    const ports = podPorts(pod, service)
    const group = groups.get(portsKey(ports))
    if (group) group.endpoints.push(endpoint)
    else groups.set(portsKey(ports), { addressType, ports, endpoints: [endpoint] })
  }
  return groups.size > 0 ? [...groups.values()] : [{ addressType, ports: [], endpoints: [] }]
}

/** The Service's own, but for those that say what a slice is. */
function labelsFor(service: Persisted<Service>): Record<string, string> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(([key]) => !RESERVED.includes(key))
  return {
    ...Object.fromEntries(own),
    ...(hasClusterIp(service) ? {} : { [HEADLESS_LABEL]: '' }),
    [SERVICE_NAME_LABEL]: service.metadata.name,
    [MANAGED_BY_LABEL]: SLICE_CONTROLLER,
  }
}
