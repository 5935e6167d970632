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

export const DEFAULT_SERVICE_CIDR = '10.43.0.0/16'
export const DEFAULT_NODE_PORTS: PortRange = { first: 30_000, last: 32_767 }

export const DEFAULT_SERVICE_NETWORK: ServiceNetwork = {
  addresses: Ipv4Range.parse(DEFAULT_SERVICE_CIDR),
  nodePorts: DEFAULT_NODE_PORTS,
}
