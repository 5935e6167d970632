/** What a node is told of the cluster's network. Ranges as `10.42.0.0/16`, addresses as `10.0.0.5`. */
export interface FabricState {
  /** Holds the addresses of all Pods. */
  readonly clusterCIDR: string
  /** Holds the addresses of all Services. */
  readonly serviceCIDR: string
  readonly own: FabricNode
  /** All other nodes, those on the same machine included. */
  readonly peers: readonly FabricPeer[]
}

export interface FabricNode {
  /** The node's Pods have their addresses out of it; absent while it was not given one. */
  readonly podCIDR?: string
  /** Where other machines reach this one; absent while it is not known. */
  readonly address?: string
}

export interface FabricPeer {
  readonly name: string
  readonly podCIDRs: readonly string[]
  /** Nodes with the same one share a machine. */
  readonly address?: string
}

/** The addresses of the other machines, each once. */
export function otherMachines({ own, peers }: FabricState): string[] {
  const addresses = peers.flatMap(({ address }) => (address === undefined ? [] : [address]))
  return [...new Set(addresses)].filter((address) => address !== own.address).sort()
}
