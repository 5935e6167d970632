import { storagePrefix } from '../../controlplane/registry/storage-keys.ts'
import { PODS, type Pod, REPLICA_SETS, type ReplicaSet } from '../../shared/api/kinds.ts'
import { controllerOf, type Persisted } from '../../shared/api/object.ts'
import type { AcknowledgedWrite } from '../support/recorded-store.ts'
import type { SimCluster } from '../support/sim-cluster.ts'
import { isActive } from './pod-readiness.ts'
import { objectOf } from './stored-object.ts'
import type { Violations } from './violations.ts'

/** A controller may be so far behind the store. */
const MAX_LAG_MS = 15_000

/**
 * What holds of sizes whatever fails. The ReplicaSets of the Deployment together ask for no more than it may have; and
 * no Pod is made for a ReplicaSet that has as many as it asks for, or has asked for of late. (The number of Pods
 * itself is not bounded so: one that is evicted may be replaced just before its ReplicaSet is seen to have shrunk.)
 */
export class ReplicaBounds {
  /** The surge included. */
  maxReplicas = Number.POSITIVE_INFINITY
  readonly #cluster: SimCluster
  readonly #violations: Violations
  readonly #pods = new Map<string, Persisted<Pod>>()
  readonly #replicaSets = new Map<string, Persisted<ReplicaSet>>()
  /** What each ReplicaSet asked for, by UID, the newest last. */
  readonly #asked = new Map<string, { atMs: number; replicas: number }[]>()
  #read = 0

  constructor(cluster: SimCluster, violations: Violations) {
    this.#cluster = cluster
    this.#violations = violations
  }

  check(): void {
    const { history } = this.#cluster.store
    for (const write of history.slice(this.#read)) {
      if (write.key.startsWith(POD_PREFIX)) this.#podWritten(write)
      else if (write.key.startsWith(REPLICA_SET_PREFIX)) this.#replicaSetWritten(write)
    }
    this.#read = history.length
  }

  #podWritten({ key, value, atMs }: AcknowledgedWrite): void {
    const isNew = !this.#pods.has(key)
    if (!value) this.#pods.delete(key)
    else this.#pods.set(key, objectOf(value))
    const owner = value && isNew ? ownerOf(objectOf(value)) : undefined
    if (!owner) return
    const count = [...this.#pods.values()].filter((pod) => isActive(pod) && ownerOf(pod) === owner).length
    const most = this.#mostAskedSince(owner, atMs - MAX_LAG_MS)
    if (count > most) this.#violated(`${key} is made: ${count} Pods of a ReplicaSet that asks for ${most}`)
  }

  #replicaSetWritten({ key, value, atMs }: AcknowledgedWrite): void {
    if (!value) {
      this.#replicaSets.delete(key)
      return
    }
    const replicaSet = objectOf<ReplicaSet>(value)
    const { uid } = replicaSet.metadata
    const replicas = replicaSet.spec.replicas ?? 1
    this.#replicaSets.set(key, replicaSet)
    const asked = this.#asked.get(uid) ?? []
    if (asked.at(-1)?.replicas !== replicas) asked.push({ atMs, replicas })
    this.#asked.set(uid, asked)
    const sum = [...this.#replicaSets.values()].reduce((total, { spec }) => total + (spec.replicas ?? 1), 0)
    if (sum > this.maxReplicas) this.#violated(`the ReplicaSets ask for ${sum} Pods, not ${this.maxReplicas}`)
  }

  /** What it asked for at `sinceMs` counts: nothing else had been said then. */
  #mostAskedSince(uid: string, sinceMs: number): number {
    const asked = this.#asked.get(uid) ?? []
    const first = asked.findLastIndex(({ atMs }) => atMs <= sinceMs)
    return Math.max(0, ...asked.slice(Math.max(0, first)).map(({ replicas }) => replicas))
  }

  #violated(what: string): void {
    this.#violations.add('Pods within bounds', what)
  }
}

const POD_PREFIX = storagePrefix(PODS)
const REPLICA_SET_PREFIX = storagePrefix(REPLICA_SETS)

function ownerOf(pod: Persisted<Pod>): string | undefined {
  return controllerOf(pod)?.uid
}
