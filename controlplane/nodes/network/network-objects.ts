import type { EndpointSlice, Node, Service } from '../../../shared/api/kinds.ts'
import type { ObjectMeta, Persisted, PersistedMeta } from '../../../shared/api/object.ts'
import type { NetworkNode, NetworkObject } from '../../../shared/protocol/network-frames.ts'
import { ZONE_LABEL } from '../../../shared/topology-labels.ts'

/** What agents get of a Node. */
export function networkNode({ metadata, spec, status }: Persisted<Node>): NetworkObject {
  const zone = metadata.labels?.[ZONE_LABEL]
  const internalIPs = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP')
  const object: NetworkNode = {
    name: metadata.name,
    uid: metadata.uid,
    podCIDRs: spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []),
    internalIPs: internalIPs.map(({ address }) => address),
    ...(zone ? { zone } : {}),
  }
  return { kind: 'Node', object }
}

/** What agents get of a Service: they go by its slices, not by its selector. */
export function networkService({ apiVersion, kind, metadata, spec = {}, status }: Persisted<Service>): NetworkObject {
  const { selector: _, ...rest } = spec
  const object = { apiVersion, kind, metadata: lean(metadata), spec: rest, ...(status ? { status } : {}) }
  return { kind: 'Service', object }
}

/** What agents get of an EndpointSlice. */
export function networkSlice(slice: Persisted<EndpointSlice>): NetworkObject {
  return { kind: 'EndpointSlice', object: { ...slice, metadata: lean(slice.metadata) } }
}

function lean({ namespace, name, uid, resourceVersion, creationTimestamp, labels }: PersistedMeta): PersistedMeta {
  const named: Pick<ObjectMeta, 'namespace' | 'labels'> = {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
  }
  return { ...named, name, uid, resourceVersion, creationTimestamp }
}
