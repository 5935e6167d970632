import type { NetlinkRequest } from '../netlink/netlink-client.ts'
import { encodeRemoval, encodeTable } from '../nftables/encode-change.ts'
import type { Expression } from '../nftables/rule.ts'
import type { Chain, TableFrame } from '../nftables/table.ts'

const TABLE = 'kubette-returns'
/** Behind conntrack, before addresses are translated. */
const MANGLE_PRIORITY = -150
/** Where a frame says whom it is from; our link addresses end with the IPv4 address. */
const NEIGHBOR: Expression = { type: 'payload', base: 'link', offset: 8, bytes: 4, to: 0 }

/** Those whose connections are answered through them. */
const PUBLISHERS = { name: 'publishers', key: ['ipv4_addr'] } as const
const isPublisher: Expression = { type: 'lookup', set: PUBLISHERS.name, from: 0 }

/**
 * Keeps with a connection which neighbor it came through, of these, and marks what is sent in answer: the mark is that
 * neighbor's address, in network byte order. Without any there is no table.
 */
export function encodeReturnPaths(addresses: readonly string[]): NetlinkRequest[] {
  if (addresses.length === 0) return encodeRemoval({ name: TABLE })
  const frame: TableFrame = { name: TABLE, sets: [PUBLISHERS], chains: [arrivals(), returns()] }
  const addedElements = new Map([[PUBLISHERS.name, new Map(addresses.map((address) => [address, '']))]])
  return encodeTable(frame, { addedChains: [], deletedElements: new Map(), addedElements, deletedChains: [] })
}

function arrivals(): Chain {
  return {
    name: 'arrivals',
    hook: { type: 'filter', at: 'prerouting', priority: MANGLE_PRIORITY },
    rules: [[NEIGHBOR, isPublisher, { type: 'setConnectionMark', from: 0 }]],
  }
}

function returns(): Chain {
  return {
    name: 'returns',
    hook: { type: 'route', at: 'output', priority: MANGLE_PRIORITY },
    rules: [[{ type: 'connectionMark', to: 0 }, isPublisher, { type: 'setPacketMark', from: 0 }]],
  }
}
