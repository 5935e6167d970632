import type { ConfigMap, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from '../../shared/api/kinds.ts'
import { type KubeObject, keyOf, type ObjectKey, type Persisted } from '../../shared/api/object.ts'
import { podReferences } from '../../shared/pod-references.ts'
import type { AssignedObject, AssignedReference } from '../../shared/protocol/frames.ts'
import { claimNamesOf } from '../../shared/storage/pod-claims.ts'

/** Where the objects that Pods refer to are found. */
export interface AssignmentSources {
  node(): Persisted<Node> | undefined
  configMap(key: ObjectKey): Persisted<ConfigMap> | undefined
  secret(key: ObjectKey): Persisted<Secret> | undefined
  claim(key: ObjectKey): Persisted<PersistentVolumeClaim> | undefined
  volume(name: string): Persisted<PersistentVolume> | undefined
  /** Those on the node whose data is to be removed. */
  volumesToRemove(): readonly Persisted<PersistentVolume>[]
}

export interface DesiredAssignments {
  /** By `assignmentKey`. */
  readonly objects: ReadonlyMap<string, AssignedObject>
  /** All that the Pods refer to, there or not: `ConfigMap/default/settings`. A change of one of these matters. */
  readonly references: ReadonlySet<string>
}

/** What a node with these Pods must be given. */
export function desiredAssignments(pods: readonly Persisted<Pod>[], sources: AssignmentSources): DesiredAssignments {
  const objects = new Map<string, AssignedObject>()
  const references = new Set<string>()
  const add = (assigned: AssignedObject) => objects.set(assignmentKey(assigned.kind, assigned.object), assigned)
  for (const pod of pods) {
    add({ kind: 'Pod', object: pod })
    const { configMaps, secrets } = podReferences(pod.spec)
    for (const name of configMaps) references.add(referenceKey('ConfigMap', `${pod.metadata.namespace}/${name}`))
    for (const name of secrets) references.add(referenceKey('Secret', `${pod.metadata.namespace}/${name}`))
    for (const name of claimNamesOf(pod.spec, pod.metadata.name)) {
      const key = `${pod.metadata.namespace}/${name}`
      references.add(referenceKey('PersistentVolumeClaim', key))
      const volumeName = sources.claim(key)?.spec.volumeName
      if (volumeName) references.add(referenceKey('PersistentVolume', volumeName))
    }
  }
  const node = sources.node()
  if (node) add({ kind: 'Node', object: ownNode(node) })
  for (const object of sources.volumesToRemove()) add({ kind: 'PersistentVolume', object })
  for (const reference of references) {
    const found = lookUp(reference, sources)
    if (found) add(found)
  }
  return { objects, references }
}

/** Two objects of one name are told apart by their UIDs. */
function assignmentKey(kind: AssignedObject['kind'], object: KubeObject): string {
  return `${kind}/${keyOf(object)}/${object.metadata.uid}`
}

type ReferencedKind = Exclude<AssignedObject['kind'], 'Pod' | 'Node'>

export function referenceKey(kind: ReferencedKind, key: ObjectKey): string {
  return `${kind}/${key}`
}

export function referenceTo({ kind, object }: AssignedObject): AssignedReference {
  const { namespace = '', name, uid } = object.metadata
  return { kind, namespace, name, uid }
}

/** What a node asks of itself when it takes a Pod. */
function ownNode({ apiVersion, kind, metadata, spec }: Persisted<Node>): Persisted<Node> {
  const { name, uid, resourceVersion, creationTimestamp, labels } = metadata
  return {
    apiVersion,
    kind,
    metadata: { name, uid, resourceVersion, creationTimestamp, ...(labels ? { labels } : {}) },
    spec: spec?.taints ? { taints: spec.taints } : {},
  }
}

function lookUp(reference: string, sources: AssignmentSources): AssignedObject | undefined {
  const slash = reference.indexOf('/')
  const key = reference.slice(slash + 1)
  switch (reference.slice(0, slash) as ReferencedKind) {
    case 'ConfigMap':
      return assigned('ConfigMap', sources.configMap(key))
    case 'Secret':
      return assigned('Secret', sources.secret(key))
    case 'PersistentVolumeClaim':
      return assigned('PersistentVolumeClaim', sources.claim(key))
    case 'PersistentVolume':
      return assigned('PersistentVolume', sources.volume(key))
  }
}

function assigned<K extends AssignedObject['kind']>(
  kind: K,
  object: Extract<AssignedObject, { kind: K }>['object'] | undefined,
): AssignedObject | undefined {
  return object && ({ kind, object } as AssignedObject)
}
