import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'

/** Something in the cluster that may let a refused Pod find a Node. Each names the state as it is after the change. */
export type ClusterChange =
  | { readonly type: 'nodeAdded'; readonly node: NodeInfo }
  /** Labels, taints, allocatable resources or `unschedulable` changed. */
  | { readonly type: 'nodeUpdated'; readonly node: NodeInfo }
  | { readonly type: 'nodeRemoved'; readonly node: NodeInfo }
  /** A Pod holds resources on the node from now on, or has new labels there. */
  | { readonly type: 'podPlaced'; readonly node: NodeInfo; readonly pod: PodInfo }
  /** A Pod holds nothing there any more: it ended, was deleted, or could not be bound. */
  | { readonly type: 'podRemoved'; readonly node: NodeInfo; readonly pod: PodInfo }
  | { readonly type: 'namespaceRelabelled'; readonly namespace: string }
  /** A claim, a volume or a class is not what it was. */
  | { readonly type: 'storageChanged' }
