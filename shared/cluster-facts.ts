/** What the whole cluster has in common of its network. */
export interface ClusterFacts {
  /** The range that nodes have the ranges of their Pods from, such as `10.42.0.0/16`. */
  readonly clusterCIDR: string
  /** The range that Services have their addresses from. */
  readonly serviceCIDR: string
  /** Where Pods ask for names: the address of the Service `kube-system/kube-dns`. */
  readonly dnsAddress: string
  /** The end of all Services' names. */
  readonly domain: string
}

export const DEFAULT_CLUSTER_FACTS: ClusterFacts = {
  clusterCIDR: '10.42.0.0/16',
  serviceCIDR: '10.43.0.0/16',
  dnsAddress: '10.43.0.10',
  domain: 'cluster.local',
}
