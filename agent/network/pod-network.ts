import { Ipv4Range } from '../../shared/ipv4-range.ts'

/** The network of the container runtime that the Pods of a cluster join: one for all of its nodes on a machine. */
export interface PodNetwork {
  /** Must be the cluster's own. */
  readonly name: string
  /** Of the machine's interface, at most 15 characters. */
  readonly bridge: string
  /** Holds every address of the cluster, those on other machines and those of Services too: all are on this link. */
  readonly subnet: string
  /** The machine's own address on the link. */
  readonly gateway: string
  /** Of new sandboxes' links, in bytes. */
  readonly mtu: number
}

export interface ClusterRanges {
  readonly clusterCIDR: string
  readonly serviceCIDR: string
}

/** A Pod's end of its link, and that of a network container. */
export const POD_LINK = 'eth0'

/** The places of a node's range that no Pod has. */
export const GATEWAY_PLACE = 1
export const NETWORK_CONTAINER_PLACE = 2
export const FIRST_POD_PLACE = 4

const SHOWN_ID = 8

/** `podCIDR`: of the node that makes the network, should it not be there yet. */
export function podNetwork(clusterId: string, podCIDR: string, ranges: ClusterRanges, mtu: number): PodNetwork {
  return {
    name: networkName(clusterId),
    bridge: bridgeName(clusterId),
    subnet: Ipv4Range.parse(ranges.clusterCIDR).spanning(Ipv4Range.parse(ranges.serviceCIDR)).toString(),
    gateway: Ipv4Range.parse(podCIDR).at(GATEWAY_PLACE),
    mtu,
  }
}

export function networkName(clusterId: string): string {
  return `kubette-${clusterId.slice(0, SHOWN_ID)}`
}

export function bridgeName(clusterId: string): string {
  return `kbb-${clusterId.slice(0, SHOWN_ID)}`
}

/** The device that joins the bridges of a cluster's machines. */
export function tunnelName(clusterId: string): string {
  return `kbv-${clusterId.slice(0, SHOWN_ID)}`
}

/** Says which of the cluster's links an address is, so that nobody has to be asked twice. */
export function macAddressOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return ['02', '42', ...bytes].join(':')
}
