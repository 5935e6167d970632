import type { NetworkAgentFrame, NetworkControlFrame, NetworkObject } from './network-frames.ts'
import { apiType, both, fields, flag, listOf, nonEmptyText, oneOf, optional, type Shape, text, whole } from './shape.ts'

/** What every frame has that carries objects by changes. */
export const chainFields = {
  mode: oneOf('complete', 'incremental'),
  appliesTo: whole(),
  resultsIn: whole(1),
  more: flag,
}

const persisted = fields({
  metadata: fields({ namespace: nonEmptyText, name: nonEmptyText, uid: nonEmptyText, resourceVersion: nonEmptyText }),
})

const OBJECTS: Readonly<Record<NetworkObject['kind'], Shape>> = {
  Node: fields({
    name: nonEmptyText,
    uid: nonEmptyText,
    podCIDRs: listOf(nonEmptyText),
    internalIPs: listOf(nonEmptyText),
    zone: optional(nonEmptyText),
  }),
  Service: both(persisted, apiType('core.v1.Service')),
  EndpointSlice: both(persisted, apiType('discovery.v1.EndpointSlice')),
}

const kind = oneOf(...Object.keys(OBJECTS))

const networkObject: Shape = (value, path) => {
  const wrong = fields({ kind })(value, path)
  if (wrong) return wrong
  const { kind: found, object } = value as NetworkObject
  return OBJECTS[found](object, `${path}.object`)
}

export const NETWORK_AGENT_SHAPES: Readonly<Record<NetworkAgentFrame['type'], Shape>> = {
  networkApplied: fields({ version: whole(1) }),
  networkResync: fields({}),
  drainPod: fields({ namespace: nonEmptyText, name: nonEmptyText, uid: nonEmptyText }),
}

export const NETWORK_CONTROL_SHAPES: Readonly<Record<NetworkControlFrame['type'], Shape>> = {
  network: fields({
    ...chainFields,
    cluster: fields({
      clusterCIDR: nonEmptyText,
      serviceCIDR: nonEmptyText,
      dnsAddress: nonEmptyText,
      domain: nonEmptyText,
    }),
    set: listOf(networkObject),
    remove: listOf(fields({ kind, namespace: text, name: nonEmptyText })),
  }),
  podDrained: fields({ uid: nonEmptyText }),
}
