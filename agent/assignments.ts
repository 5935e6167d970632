import type { ConfigMap, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from '../shared/api/kinds.ts'
import type { Persisted } from '../shared/api/object.ts'

/** All that the control plane wants of this node, as of its newest word. */
export interface Assignments {
  /** By UID. One with a deletionTimestamp is to be ended; one that is missing here must leave no container behind. */
  readonly pods: ReadonlyMap<string, Persisted<Pod>>
  configMap(namespace: string, name: string): Persisted<ConfigMap> | undefined
  secret(namespace: string, name: string): Persisted<Secret> | undefined
  claim(namespace: string, name: string): Persisted<PersistentVolumeClaim> | undefined
  /** By name: those of the Pods' claims, and those whose data is to be removed. */
  readonly volumes: ReadonlyMap<string, Persisted<PersistentVolume>>
  /** The node itself, with its labels and taints alone. */
  readonly node?: Persisted<Node>
}

/** Makes assignments so. Never called before the first complete set is in, so what is missing is truly unwanted. */
export interface AssignmentsSink {
  assign(assignments: Assignments): void
}
