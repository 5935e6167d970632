/** The network of the container runtime that a node's Pods join. */
export interface PodNetwork {
  /** Must be this cluster's and this node's own. */
  readonly name: string
  readonly driver: 'bridge'
  readonly options: Readonly<Record<string, string>>
}

/** One bridge per node: its Pods reach each other and the world; Pods of other nodes are not reached yet. */
export function nodeBridge(clusterId: string, nodeName: string): PodNetwork {
  return { name: `kubette-${clusterId.slice(0, 8)}-${nodeName}`, driver: 'bridge', options: {} }
}
