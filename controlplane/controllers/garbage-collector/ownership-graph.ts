import type { OwnerReference } from '../../../shared/api/generated/meta-v1.ts'
import { EVENTS, findKindByName, KINDS, type Kind } from '../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { Informers } from '../../reconcile/informer.ts'
import { type GraphKey, parseGraphKey } from './graph-key.ts'

/** Kinds whose objects can own or be owned. Events are many, live for an hour, and own nothing. */
export const COLLECTED_KINDS: readonly Kind[] = KINDS.filter((kind) => kind.type !== EVENTS.type)

export interface GraphNode {
  readonly kind: Kind
  readonly object: Persisted<KubeObject>
}

/** Where an owner reference points. */
export type Place =
  | { found: 'here'; owner: GraphNode }
  /** Not in the informers, which may be a moment behind. */
  | { found: 'not-here'; kind: Kind; namespace: string | undefined }
  /** A kind that this API does not serve. */
  | { found: 'unknown-kind' }
  /** A cluster-wide object cannot be owned by one of a namespace. */
  | { found: 'impossible' }

const BY_OWNER = 'owner uid'

/** All objects and who owns whom, as the informers know it. */
export class OwnershipGraph {
  readonly #informers: Informers

  constructor(informers: Informers) {
    this.#informers = informers
    for (const kind of COLLECTED_KINDS) {
      informers
        .of(kind)
        .addIndex(BY_OWNER, ({ metadata }) => [...new Set((metadata.ownerReferences ?? []).map(({ uid }) => uid))])
    }
  }

  find(key: GraphKey): GraphNode | undefined {
    const { kind, key: objectKey, uid } = parseGraphKey(key)
    const object = this.#informers.of(kind).get(objectKey)
    return object?.metadata.uid === uid ? { kind, object } : undefined
  }

  dependentsOf(uid: string): GraphNode[] {
    return COLLECTED_KINDS.flatMap((kind) =>
      this.#informers
        .of(kind)
        .byIndex(BY_OWNER, uid)
        .map((object) => ({ kind, object })),
    )
  }

  /** An owner is looked for in its dependent's namespace, and nowhere else. */
  placeOf(ref: OwnerReference, { kind: dependentKind, object }: GraphNode): Place {
    const kind = findKindByName(ref.apiVersion, ref.kind)
    if (!kind) return { found: 'unknown-kind' }
    if (kind.namespaced && !dependentKind.namespaced) return { found: 'impossible' }
    const namespace = kind.namespaced ? object.metadata.namespace : undefined
    const owner = this.#informers.of(kind).get(namespace ? `${namespace}/${ref.name}` : ref.name)
    if (owner?.metadata.uid === ref.uid) return { found: 'here', owner: { kind, object: owner } }
    return { found: 'not-here', kind, namespace }
  }

  /** The owners of a node that are there. */
  ownersOf(node: GraphNode): GraphNode[] {
    return (node.object.metadata.ownerReferences ?? []).flatMap((ref) => {
      const place = this.placeOf(ref, node)
      return place.found === 'here' ? [place.owner] : []
    })
  }

  /** True where the owner exists, but in another namespace than its dependent. */
  isElsewhere(kind: Kind, uid: string): boolean {
    return this.#informers
      .of(kind)
      .list()
      .some(({ metadata }) => metadata.uid === uid)
  }
}
