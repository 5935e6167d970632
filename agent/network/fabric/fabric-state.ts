import { isIPv4 } from 'node:net'
import { compareStrings } from '../../../shared/compare-strings.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { NetworkNode } from '../../../shared/protocol/network-frames.ts'
import type { NetworkSnapshot } from '../network-snapshot.ts'

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

/** The addresses of the other machines, each once. None while this machine's own is not known: a peer may be on it. */
export function otherMachines({ own, peers }: FabricState): string[] {
  if (own.address === undefined) return []
  const addresses = peers.flatMap(({ address }) => (address === undefined ? [] : [address]))
  return [...new Set(addresses)].filter((address) => address !== own.address).sort()
}

/** What a node of this name needs of what all nodes are told. */
export function fabricState({ cluster, nodes }: Pick<NetworkSnapshot, 'cluster' | 'nodes'>, name: string): FabricState {
  const { clusterCIDR, serviceCIDR } = cluster
  const own = nodes.get(name)
  const podCIDR = own?.podCIDRs.find((range) => Ipv4Range.tryParse(range))
  const peers = [...nodes.values()].filter((node) => node.name !== name).sort((a, b) => compareStrings(a.name, b.name))
  return {
    ...{ clusterCIDR, serviceCIDR },
    own: { ...(podCIDR === undefined ? {} : { podCIDR }), ...addressOf(own) },
    peers: peers.map((node) => ({ name: node.name, podCIDRs: node.podCIDRs, ...addressOf(node) })),
  }
}

function addressOf(node: NetworkNode | undefined): { address?: string } {
  const address = node?.internalIPs.find((address) => isIPv4(address))
  return address === undefined ? {} : { address }
}
