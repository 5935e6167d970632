import type { NetworkNode } from '../../../shared/protocol/network-frames.ts'

/** The nodes on one machine, which have an address in common, by name; `nodeName` itself is one of them. */
export function machineMates(nodeName: string, nodes: ReadonlyMap<string, NetworkNode>): string[] {
  const addresses = nodes.get(nodeName)?.internalIPs ?? []
  const mates = [...nodes.values()].filter(({ internalIPs }) => internalIPs.some((ip) => addresses.includes(ip)))
  return [...new Set([nodeName, ...mates.map(({ name }) => name)])].toSorted()
}
