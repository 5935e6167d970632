/** What tells one node from another. */
export const HOSTNAME_LABEL = 'kubernetes.io/hostname'
/** Where a node says in which zone it is; endpoints repeat it. */
export const ZONE_LABEL = 'topology.kubernetes.io/zone'
export const REGION_LABEL = 'topology.kubernetes.io/region'
