import { DEFAULT_CLUSTER_FACTS } from '../../../shared/cluster-facts.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'

/** What Services have their addresses and node ports from. */
export interface ServiceNetwork {
  readonly addresses: Ipv4Range
  readonly nodePorts: PortRange
}

/** Both ends belong to it. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

export const DEFAULT_NODE_PORTS: PortRange = { first: 30_000, last: 32_767 }

export const DEFAULT_SERVICE_NETWORK: ServiceNetwork = {
  addresses: Ipv4Range.parse(DEFAULT_CLUSTER_FACTS.serviceCIDR),
  nodePorts: DEFAULT_NODE_PORTS,
}
