import type { EndpointSlice, Service } from '../../shared/api/kinds.ts'
import type { ObjectKey, Persisted } from '../../shared/api/object.ts'
import type { ClusterFacts } from '../../shared/cluster-facts.ts'
import type { NetworkNode } from '../../shared/protocol/network-frames.ts'

/** The cluster's network as the control plane told it last. Never changes: a change makes another one. */
export interface NetworkSnapshot {
  /** Rises with each change, over reconnections too; means something to this process only. */
  readonly version: number
  readonly cluster: ClusterFacts
  /** All nodes by name, this one too. */
  readonly nodes: ReadonlyMap<string, NetworkNode>
  /** By `namespace/name`. */
  readonly services: ReadonlyMap<ObjectKey, Persisted<Service>>
  /** The slices of each Service, which itself may be gone, or not be known yet; never an empty list. */
  readonly slices: ReadonlyMap<ObjectKey, readonly Persisted<EndpointSlice>[]>
}

/** What differs from the snapshot before. */
export interface NetworkChange {
  /** Any node, or the cluster's ranges. */
  readonly nodes: boolean
  /** Services that came, went, or changed, themselves or in their slices. */
  readonly services: ReadonlySet<ObjectKey>
}
