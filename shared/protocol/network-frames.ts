import type { EndpointSlice, Service } from '../api/kinds.ts'
import type { Persisted } from '../api/object.ts'
import type { ClusterFacts } from '../cluster-facts.ts'

/** What frames have in common that carry objects by changes: each applies to the version that the one before resulted in. */
export interface ChainedFrame {
  /** `complete` replaces all; `incremental` applies only to a holder of version `appliesTo`. */
  mode: 'complete' | 'incremental'
  appliesTo: number
  resultsIn: number
  /** More frames of this same change follow (with the same versions): it is applied as a whole with the last one. */
  more: boolean
}

/** What every node must know to reach Pods and Services: the same for all nodes, so a change is encoded once. */
export interface NetworkFrame extends ChainedFrame {
  type: 'network'
  cluster: ClusterFacts
  set: NetworkObject[]
  remove: NetworkReference[]
}

/** Cut down to what a node needs: no managed fields, annotations, owners or selectors. */
export type NetworkObject =
  | { kind: 'Node'; object: NetworkNode }
  | { kind: 'Service'; object: Persisted<Service> }
  /** One that belongs to a Service. */
  | { kind: 'EndpointSlice'; object: Persisted<EndpointSlice> }

export interface NetworkReference {
  kind: NetworkObject['kind']
  /** Empty for a Node. */
  namespace: string
  name: string
}

export interface NetworkNode {
  name: string
  uid: string
  /** The ranges of its Pods; empty until it has been given one. */
  podCIDRs: string[]
  /** Under which other nodes reach it, the first one before the others. */
  internalIPs: string[]
  /** Its `topology.kubernetes.io/zone`. */
  zone?: string
}

/** What an agent says of the network. */
export type NetworkAgentFrame =
  /** Everything on this node goes by this version, or a later one, of what this connection brought. */
  | { type: 'networkApplied'; version: number }
  /** The agent could not apply a change: it wants all of it anew. */
  | { type: 'networkResync' }
  /**
   * Nothing new shall come to a Pod of this node that is being deleted: tell when no node sends there any more. To be
   * asked once the connection has brought the network: what is asked before is not answered.
   */
  | { type: 'drainPod'; namespace: string; name: string; uid: string }

/** What the control plane says of it. */
export type NetworkControlFrame =
  | NetworkFrame
  /** No Service offers the Pod to new connections any more, and every node that can be asked goes by that. */
  | { type: 'podDrained'; uid: string }
