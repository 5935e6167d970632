import type { ConfigMap, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from '../../shared/api/kinds.ts'
import { keyOf, type Persisted } from '../../shared/api/object.ts'
import type { AssignedObject, AssignmentsFrame } from '../../shared/protocol/frames.ts'
import type { Assignments } from '../assignments.ts'

/** What became of a frame: `partial` waits for the rest of its change, a `gap` cannot be closed without all anew. */
export type Applied = { kind: 'applied'; assignments: Assignments } | { kind: 'partial' } | { kind: 'gap' }

/** All that the control plane has assigned, kept over reconnections: snapshots replace it, chained changes move it on. */
export class AssignmentState {
  #version = 0
  #objects: ReadonlyMap<string, AssignedObject> = new Map()
  /** The first frames of a change that is not all here yet. */
  #parts: AssignmentsFrame[] = []

  /** 0 until the first complete set. */
  get version(): number {
    return this.#version
  }

  apply(frame: AssignmentsFrame): Applied {
    if (!this.#continues(frame)) return this.#gap()
    this.#parts.push(frame)
    if (frame.more) return { kind: 'partial' }
    this.#objects = combine(frame.mode === 'complete' ? new Map() : this.#objects, this.#parts)
    this.#version = frame.resultsIn
    this.#parts = []
    return { kind: 'applied', assignments: snapshot([...this.#objects.values()]) }
  }

  /** The connection is gone, and with it the rest of a change that was under way. */
  forgetPartial(): void {
    this.#parts = []
  }

  /** True for the next part of the change under way, or for one that may begin now. */
  #continues(frame: AssignmentsFrame): boolean {
    const [first] = this.#parts
    if (first) return first.mode === frame.mode && first.resultsIn === frame.resultsIn
    return frame.mode === 'complete' || (this.#version !== 0 && frame.appliesTo === this.#version)
  }

  #gap(): Applied {
    this.#parts = []
    return { kind: 'gap' }
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
  const others = new Map<string, AssignedObject['object']>()
  for (const { kind, object } of objects) {
    if (kind === 'Pod') pods.set(object.metadata.uid, object)
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
  }
}
