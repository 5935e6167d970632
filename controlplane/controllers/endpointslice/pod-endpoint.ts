import type { Endpoint, EndpointPort } from '../../../shared/api/generated/discovery-v1.ts'
import type { Node, Pod, Service } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { ZONE_LABEL } from '../../../shared/topology-labels.ts'
import { isPodReady, isPodTerminating } from '../pods/pod-state.ts'
import { addressesOf, hostnameIn, referenceTo, targetPortOf } from '../services/pod-endpoints.ts'
import { endpointHints } from './endpoint-hints.ts'

/**
 * A Pod as an endpoint of a Service: `serving` is its readiness, and `ready` too while it is not terminating. A Service
 * that publishes addresses which are not ready calls all of them ready. Undefined where it has no such address.
 */
export function podEndpoint(
  pod: Persisted<Pod>,
  service: Persisted<Service>,
  node: Persisted<Node> | undefined,
  addressType: string,
): Endpoint | undefined {
  const addresses = addressesOf(pod, addressType)
  if (addresses.length === 0) return undefined
  const serving = isPodReady(pod)
  const terminating = isPodTerminating(pod)
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating)
  const hostname = hostnameIn(service, pod)
  const zone = node?.metadata.labels?.[ZONE_LABEL]
  const { nodeName } = pod.spec
  const hints = ready ? endpointHints(service.spec, { zone, nodeName }) : undefined
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    targetRef: referenceTo(pod),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(hints ? { hints } : {}),
  }
}

/** The ports of a Service as they are in a Pod, without those that it lacks. */
export function podPorts(pod: Pod, { spec }: Service): EndpointPort[] {
  return (spec.ports ?? []).flatMap((servicePort) => {
    const port = targetPortOf(pod, servicePort)
    if (port === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = servicePort
    return [{ name, protocol, port, ...(appProtocol ? { appProtocol } : {}) }]
  })
}
