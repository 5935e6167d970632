import { isDeepStrictEqual } from 'node:util'
import type { OwnerReference } from '../../../shared/api/generated/meta-v1.ts'
import type { Kind } from '../../../shared/api/kinds.ts'
import type { KubeObject, ObjectKey, Persisted, PersistedMeta } from '../../../shared/api/object.ts'
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../../../shared/deletion-finalizers.ts'
import type { Client } from '../../client/client.ts'
import { type Change, type Controller, watch } from '../../reconcile/controller.ts'
import { createEventRecorder, type EventRecorder } from '../../reconcile/event-recorder.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { unlessGone } from '../unless-gone.ts'
import { hasFinalizer, isDeletingDependents } from './finalizers.ts'
import { graphKey } from './graph-key.ts'
import { COLLECTED_KINDS, type GraphNode, OwnershipGraph } from './ownership-graph.ts'

type Policy = 'Foreground' | 'Background' | 'Orphan'

/** How an owner stands to its dependent: it keeps it, waits for it to go, or is no more. */
type Standing = 'keeps' | 'waits' | 'gone'

/** Deletes what has lost all its owners, and lets owners go that wait for their dependents. */
export class GarbageCollector implements Controller {
  readonly name = 'garbage-collector'
  readonly concurrency = 8
  readonly watches = COLLECTED_KINDS.map((kind) => watch(kind, (change) => this.#onChange(kind, change)))
  readonly #client: Client
  readonly #graph: OwnershipGraph
  readonly #recorder: EventRecorder

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#graph = new OwnershipGraph(deps.informers)
    this.#recorder = createEventRecorder({ ...deps, component: 'garbage-collector-controller' })
  }

  async reconcile(key: ObjectKey): Promise<void> {
    const node = this.#graph.find(key)
    if (!node) return
    if (!node.object.metadata.deletionTimestamp) await this.#collect(node)
    else if (hasFinalizer(node.object, ORPHAN_FINALIZER)) await this.#orphanDependents(node)
    else if (hasFinalizer(node.object, FOREGROUND_FINALIZER)) await this.#releaseIfAlone(node)
  }

  /** One owner that keeps it is enough; without any, it goes. */
  async #collect(node: GraphNode): Promise<void> {
    const refs = node.object.metadata.ownerReferences ?? []
    if (refs.length === 0) return
    const standings = await Promise.all(refs.map((ref) => this.#standingOf(ref, node)))
    const lost = refs.filter((_, i) => standings[i] !== 'keeps').map(({ uid }) => uid)
    if (lost.length === 0) return
    if (lost.length < refs.length) await this.#dropOwners(node, new Set(lost))
    else if (standings.includes('waits')) await this.#deleteForWaitingOwner(node)
    else await this.#delete(node, policyOf(node.object))
  }

  async #standingOf(ref: OwnerReference, node: GraphNode): Promise<Standing> {
    const place = this.#graph.placeOf(ref, node)
    switch (place.found) {
      case 'here':
        return isDeletingDependents(place.owner.object) ? 'waits' : 'keeps'
      case 'unknown-kind':
        return 'keeps'
      case 'impossible':
        this.#tellWrongNamespace(ref, node)
        return 'keeps'
      case 'not-here':
        return this.#liveStandingOf(ref, place.kind, place.namespace, node)
    }
  }

  /** Asked of the API itself: nothing is deleted on the word of a copy. */
  async #liveStandingOf(ref: OwnerReference, kind: Kind, namespace: string | undefined, node: GraphNode) {
    const owner = await this.#get(kind, { ...(namespace ? { namespace } : {}), name: ref.name })
    if (owner?.metadata.uid === ref.uid) return isDeletingDependents(owner) ? 'waits' : 'keeps'
    if (this.#graph.isElsewhere(kind, ref.uid)) this.#tellWrongNamespace(ref, node)
    return 'gone'
  }

  /** What has dependents itself goes after them; a ring of such is broken up here, or it would wait for itself. */
  async #deleteForWaitingOwner(node: GraphNode): Promise<void> {
    const dependents = this.#graph.dependentsOf(node.object.metadata.uid)
    if (dependents.length === 0) return this.#delete(node, policyOf(node.object))
    if (dependents.some(({ object }) => isDeletingDependents(object))) await this.#unblockOwners(node)
    await this.#delete(node, 'Foreground')
  }

  async #releaseIfAlone(node: GraphNode): Promise<void> {
    const { uid } = node.object.metadata
    const isBlocked = this.#graph.dependentsOf(uid).some(({ object }) => blocks(object, uid))
    if (!isBlocked) await this.#dropFinalizer(node, FOREGROUND_FINALIZER)
  }

  /** Lists anew: a dependent that the informers do not show yet would be collected later. */
  async #orphanDependents(node: GraphNode): Promise<void> {
    const { uid, namespace } = node.object.metadata
    for (const kind of COLLECTED_KINDS) {
      const { items } = await this.#client.list(kind, namespace ? { namespace } : {})
      const dependents = items.filter(({ metadata }) => metadata.ownerReferences?.some((ref) => ref.uid === uid))
      for (const object of dependents) await this.#dropOwners({ kind, object }, new Set([uid]))
    }
    await this.#dropFinalizer(node, ORPHAN_FINALIZER)
  }

  async #dropOwners(node: GraphNode, uids: ReadonlySet<string>): Promise<void> {
    await this.#change(node, (metadata) => {
      metadata.ownerReferences = (metadata.ownerReferences ?? []).filter(({ uid }) => !uids.has(uid))
    })
  }

  async #unblockOwners(node: GraphNode): Promise<void> {
    await this.#change(node, (metadata) => {
      for (const ref of metadata.ownerReferences ?? []) ref.blockOwnerDeletion = false
    })
  }

  async #dropFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    await this.#change(node, (metadata) => {
      metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== finalizer)
    })
  }

  async #change({ kind, object }: GraphNode, change: (metadata: PersistedMeta) => void): Promise<void> {
    const { uid } = object.metadata
    await unlessGone(
      this.#client.modify(kind, object.metadata, ({ metadata }) => (metadata.uid === uid ? change(metadata) : false)),
    )
  }

  /** Only as it was when that was decided: another owner may have come in between. */
  async #delete({ kind, object }: GraphNode, propagationPolicy: Policy): Promise<void> {
    const { uid, resourceVersion } = object.metadata
    const preconditions = { uid, resourceVersion }
    await unlessGone(this.#client.delete(kind, object.metadata, { propagationPolicy, preconditions }))
  }

  async #get(kind: Kind, key: { namespace?: string; name: string }): Promise<Persisted<KubeObject> | undefined> {
    return unlessGone(this.#client.get(kind, key))
  }

  #tellWrongNamespace(ref: OwnerReference, { object }: GraphNode): void {
    const { namespace = '' } = object.metadata
    const owner = `[${ref.apiVersion}/${ref.kind}, namespace: ${namespace}, name: ${ref.name}, uid: ${ref.uid}]`
    const message = `ownerRef ${owner} does not exist in namespace ${JSON.stringify(namespace)}`
    this.#recorder.event(object, 'Warning', 'OwnerRefInvalidNamespace', message)
  }

  #onChange(kind: Kind, { type, object, previous }: Change<KubeObject>): ObjectKey[] {
    const node: GraphNode = { kind, object }
    const keysOf = (nodes: readonly GraphNode[]) => nodes.map((other) => graphKey(other.kind, other.object))
    const dependents = () => keysOf(this.#graph.dependentsOf(object.metadata.uid))
    const waitingOwners = (dependent: GraphNode) =>
      keysOf(this.#graph.ownersOf(dependent).filter((owner) => isDeletingDependents(owner.object)))

    if (type === 'deleted') return [...dependents(), ...waitingOwners(node)]
    const self = graphKey(kind, object)
    if (type === 'added') return concerns(object) ? [self] : []
    if (isDeepStrictEqual(facts(previous), facts(object))) return []
    const woken = isDeletingDependents(object) ? dependents() : []
    return [self, ...woken, ...waitingOwners({ kind, object: previous })]
  }
}

/** True where the collector may have something to do about the object. */
function concerns({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined || (metadata.ownerReferences?.length ?? 0) > 0
}

/** All of an object that matters to the collector. */
function facts({ metadata }: KubeObject): unknown[] {
  return [metadata.ownerReferences, metadata.finalizers, metadata.deletionTimestamp]
}

function blocks({ metadata }: KubeObject, ownerUid: string): boolean {
  return (
    metadata.ownerReferences?.some(({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion) ?? false
  )
}

/** What its finalizers ask for already. */
function policyOf(object: KubeObject): Policy {
  if (hasFinalizer(object, ORPHAN_FINALIZER)) return 'Orphan'
  return hasFinalizer(object, FOREGROUND_FINALIZER) ? 'Foreground' : 'Background'
}
