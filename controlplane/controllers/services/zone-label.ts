/** Where a node says in which zone it is; endpoints repeat it. */
export const ZONE_LABEL = 'topology.kubernetes.io/zone'
