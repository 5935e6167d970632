import { isDeepStrictEqual } from 'node:util'
import type { EndpointSlice, Service } from '../../shared/api/kinds.ts'
import { type KubeObject, keyOf, type ObjectKey, type Persisted } from '../../shared/api/object.ts'
import { serviceKeyOf } from '../../shared/endpoint-slices.ts'
import type {
  NetworkFrame,
  NetworkNode,
  NetworkObject,
  NetworkReference,
} from '../../shared/protocol/network-frames.ts'
import type { NetworkChange, NetworkSnapshot } from './network-snapshot.ts'

/** The objects of the network, of which each change makes a new snapshot. What did not change is shared by both. */
export class NetworkObjects {
  #snapshot: NetworkSnapshot | undefined
  /** By the slice's own key: the Service it belongs to. */
  readonly #serviceOf = new Map<ObjectKey, ObjectKey>()

  get snapshot(): NetworkSnapshot | undefined {
    return this.#snapshot
  }

  /** All frames of one change. Returns what differs now; undefined where nothing does. */
  apply(frames: readonly NetworkFrame[]): NetworkChange | undefined {
    const [first] = frames
    if (!first) return undefined
    const draft = new SnapshotDraft(this.#snapshot, this.#serviceOf)
    const set = frames.flatMap((frame) => frame.set)
    const remove = first.mode === 'complete' ? draft.allBut(set) : frames.flatMap((frame) => frame.remove)
    for (const reference of remove) draft.remove(reference)
    for (const object of set) draft.set(object)
    const isSame = this.#snapshot !== undefined && isDeepStrictEqual(first.cluster, this.#snapshot.cluster)
    const change: NetworkChange = { nodes: draft.areNodesChanged || !isSame, services: draft.touched }
    if (!change.nodes && change.services.size === 0) return undefined
    const { nodes, services, slices } = draft
    this.#snapshot = { version: (this.#snapshot?.version ?? 0) + 1, cluster: first.cluster, nodes, services, slices }
    return change
  }
}

class SnapshotDraft {
  readonly nodes: Map<string, NetworkNode>
  readonly services: Map<ObjectKey, Persisted<Service>>
  readonly slices: Map<ObjectKey, readonly Persisted<EndpointSlice>[]>
  readonly touched = new Set<ObjectKey>()
  areNodesChanged = false
  readonly #serviceOf: Map<ObjectKey, ObjectKey>

  constructor(base: NetworkSnapshot | undefined, serviceOf: Map<ObjectKey, ObjectKey>) {
    this.nodes = new Map(base?.nodes)
    this.services = new Map(base?.services)
    this.slices = new Map(base?.slices)
    this.#serviceOf = serviceOf
  }

  set(it: NetworkObject): void {
    switch (it.kind) {
      case 'Node':
        if (isDeepStrictEqual(this.nodes.get(it.object.name), it.object)) return
        this.nodes.set(it.object.name, it.object)
        this.areNodesChanged = true
        break
      case 'Service':
        this.#setService(it.object)
        break
      case 'EndpointSlice':
        this.#setSlice(it.object)
        break
    }
  }

  remove({ kind, namespace, name }: NetworkReference): void {
    const key = keyOf({ metadata: { namespace, name } })
    if (kind === 'Node') this.areNodesChanged = this.nodes.delete(name) || this.areNodesChanged
    else if (kind === 'EndpointSlice') this.#takeSlice(key)
    else if (this.services.delete(key)) this.touched.add(key)
  }

  /** What there is and is not among these. */
  allBut(objects: readonly NetworkObject[]): NetworkReference[] {
    const kept = new Set(objects.map(nameOf))
    const services = [...this.services.values()].map((service) => referenceTo('Service', service))
    const slices = [...this.slices.values()].flat().map((slice) => referenceTo('EndpointSlice', slice))
    const nodes = [...this.nodes.keys()].map((name): NetworkReference => ({ kind: 'Node', namespace: '', name }))
    return [...nodes, ...services, ...slices].filter(
      ({ kind, namespace, name }) => !kept.has(`${kind}/${keyOf({ metadata: { namespace, name } })}`),
    )
  }

  #setService(service: Persisted<Service>): void {
    const key = keyOf(service)
    if (isSameVersion(this.services.get(key), service)) return
    this.services.set(key, service)
    this.touched.add(key)
  }

  #setSlice(slice: Persisted<EndpointSlice>): void {
    const [key, service] = [keyOf(slice), serviceKeyOf(slice)]
    const before = this.#slice(key)
    if (isSameVersion(before, slice) || service === undefined) return
    this.#takeSlice(key)
    this.#serviceOf.set(key, service)
    this.slices.set(service, [...(this.slices.get(service) ?? []), slice])
    this.touched.add(service)
  }

  #slice(key: ObjectKey): Persisted<EndpointSlice> | undefined {
    const service = this.#serviceOf.get(key)
    return service === undefined ? undefined : this.slices.get(service)?.find((slice) => keyOf(slice) === key)
  }

  #takeSlice(key: ObjectKey): void {
    const service = this.#serviceOf.get(key)
    if (service === undefined) return
    this.#serviceOf.delete(key)
    const rest = (this.slices.get(service) ?? []).filter((slice) => keyOf(slice) !== key)
    if (rest.length > 0) this.slices.set(service, rest)
    else this.slices.delete(service)
    this.touched.add(service)
  }
}

function nameOf(it: NetworkObject): string {
  return it.kind === 'Node' ? `Node/${it.object.name}` : `${it.kind}/${keyOf(it.object)}`
}

function referenceTo(kind: NetworkReference['kind'], { metadata }: Persisted<KubeObject>): NetworkReference {
  return { kind, namespace: metadata.namespace ?? '', name: metadata.name }
}

function isSameVersion(before: Persisted<KubeObject> | undefined, after: Persisted<KubeObject>): boolean {
  return (
    before?.metadata.uid === after.metadata.uid && before.metadata.resourceVersion === after.metadata.resourceVersion
  )
}
