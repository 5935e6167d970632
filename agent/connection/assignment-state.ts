import type { ConfigMap, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from '../../shared/api/kinds.ts'
import { keyOf, type Persisted } from '../../shared/api/object.ts'
import type { AssignedObject, AssignmentsFrame } from '../../shared/protocol/frames.ts'
import type { Assignments } from '../assignments.ts'

/** All that the control plane has assigned, kept over reconnections. */
export class AssignmentState {
  #objects: ReadonlyMap<string, AssignedObject> = new Map()

  /** All frames of one change. */
  apply(frames: readonly AssignmentsFrame[]): Assignments {
    this.#objects = combine(frames[0]?.mode === 'complete' ? new Map() : this.#objects, frames)
    return snapshot([...this.#objects.values()])
  }
}

function combine(base: ReadonlyMap<string, AssignedObject>, parts: readonly AssignmentsFrame[]) {
  const objects = new Map(base)
  for (const { remove } of parts) for (const { kind, uid } of remove) objects.delete(`${kind}/${uid}`)
  for (const { set } of parts) {
    for (const assigned of set) objects.set(`${assigned.kind}/${assigned.object.metadata.uid}`, assigned)
  }
  return objects
}

function snapshot(objects: readonly AssignedObject[]): Assignments {
  const pods = new Map<string, Persisted<Pod>>()
  const volumes = new Map<string, Persisted<PersistentVolume>>()
  let node: Persisted<Node> | undefined
  const others = new Map<string, AssignedObject['object']>()
  for (const { kind, object } of objects) {
    if (kind === 'Pod') pods.set(object.metadata.uid, object)
    else if (kind === 'Node') node = object
    else if (kind === 'PersistentVolume') volumes.set(object.metadata.name, object)
    else others.set(`${kind}/${keyOf(object)}`, object)
  }
  return {
    pods,
    configMap: (namespace, name) => others.get(`ConfigMap/${namespace}/${name}`) as Persisted<ConfigMap> | undefined,
    secret: (namespace, name) => others.get(`Secret/${namespace}/${name}`) as Persisted<Secret> | undefined,
    claim: (namespace, name) =>
      others.get(`PersistentVolumeClaim/${namespace}/${name}`) as Persisted<PersistentVolumeClaim> | undefined,
    volumes,
    ...(node ? { node } : {}),
  }
}
