/** The Service by which Pods find names. Its endpoints are the nodes: each answers DNS itself. */
export const DNS_SERVICE = { namespace: 'kube-system', name: 'kube-dns' } as const

export const DNS_PORT = 53

/** The place of its address in the range of the Services. */
export const DNS_SERVICE_PLACE = 10

/** The place, in a node's range of Pod addresses, of the container that answers for the node. */
export const GATEWAY_PLACE = 2
