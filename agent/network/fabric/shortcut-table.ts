import type { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Expression, Rule } from '../nftables/rule.ts'
import type { Chain, SetDefinition, TableChange, TableFrame } from '../nftables/table.ts'
import { isOfProtocol, loadDestinationAddress, loadSource, maskOf } from '../services/packet-match.ts'

export interface LinkName {
  readonly name: string
  readonly index: number
}

/** What is joined: the tunnel to other machines, and the Pods of a node. */
export interface ShortcutWays {
  readonly tunnel: LinkName
  /** The ranges of the nodes on other machines. */
  readonly ranges: readonly Ipv4Range[]
  /** By their addresses: the machine's ends of their links. */
  readonly pods: ReadonlyMap<string, LinkName>
}

const PODS: SetDefinition = { name: 'pods', key: ['ipv4_addr'], value: ['iface_index'] }
const LEAVING = 'leaving'
const ETHER_TYPE_IPV4 = Buffer.from([0x08, 0x00])
const TCP_FLAGS_OFFSET = 13
const TCP_SYN = 0x02
/** Clear of what matches overwrite. */
const LINK = 1

/**
 * The table of the family `netdev` that lets packets of TCP connections between Pods of this node and Pods of other machines
 * leave by the tunnel as soon as they come from the Pod, and get to the Pod as soon as they come out of the tunnel. Those
 * that begin a connection go the long way, over the bridge and by the machine's own rules, which may refuse it.
 */
export function shortcutTable(name: string, ways: ShortcutWays): { frame: TableFrame; contents: TableChange } {
  const { tunnel, pods, ranges } = ways
  const lengths = [...new Set(ranges.map(({ prefixLength }) => prefixLength))]
  const leaving: Chain = { name: LEAVING, rules: lengths.map((length) => leavingRule(length, tunnel)) }
  const arriving: Chain = { name: 'arriving', hook: ingress(tunnel), rules: lengths.map(arrivingRule) }
  const entries: Chain[] = [...pods.values()].map((link) => {
    return {
      name: `from-${link.name}`,
      hook: ingress(link),
      rules: [[{ type: 'verdict', verdict: `goto ${LEAVING}` }]],
    }
  })
  const sets = [PODS, ...lengths.map(rangesOf)]
  return {
    frame: { name, family: 'netdev', sets, chains: [leaving, arriving] },
    contents: {
      addedChains: entries,
      deletedElements: new Map(),
      addedElements: new Map([
        [PODS.name, new Map(Array.from(pods, ([address, { index }]) => [address, String(index)]))],
        ...lengths.map((length) => {
          const alike = ranges.filter(({ prefixLength }) => prefixLength === length)
          return [rangesOf(length).name, new Map(alike.map((range) => [range.at(0), '']))] as const
        }),
      ]),
      deletedChains: [],
    },
  }
}

/** The ranges of other machines that have a length, by their first addresses. */
function rangesOf(length: number): SetDefinition {
  return { name: `ranges-${length}`, key: ['ipv4_addr'] }
}

function ingress({ name }: LinkName): Chain['hook'] {
  return { type: 'filter', at: 'ingress', link: name, priority: 0 }
}

/** Whoever is let through one way is so both ways: the same ends are looked for. */
function leavingRule(length: number, tunnel: LinkName): Rule {
  const index = Buffer.alloc(4)
  index.writeUInt32LE(tunnel.index)
  return [
    ...isUnderWay(),
    ...loadDestinationAddress(0),
    ...isOfOthers(length),
    ...loadSource(0),
    { type: 'lookup', set: PODS.name, from: 0, to: LINK },
    { type: 'value', value: index, to: LINK },
    { type: 'forward', link: LINK },
  ]
}

function arrivingRule(length: number): Rule {
  return [
    ...isUnderWay(),
    ...loadSource(0),
    ...isOfOthers(length),
    ...loadDestinationAddress(0),
    { type: 'lookup', set: PODS.name, from: 0, to: LINK },
    { type: 'forward', link: LINK },
  ]
}

/** The address that was loaded is of another machine's range. */
function isOfOthers(length: number): Expression[] {
  return [
    { type: 'mask', at: 0, mask: maskOf(length) },
    { type: 'lookup', set: rangesOf(length).name, from: 0 },
  ]
}

/** TCP over IPv4, but not SYN and its answer. */
function isUnderWay(): Expression[] {
  return [
    { type: 'etherType', to: 0 },
    { type: 'compare', from: 0, is: 'equal', value: ETHER_TYPE_IPV4 },
    ...isOfProtocol('tcp'),
    { type: 'payload', base: 'transport', offset: TCP_FLAGS_OFFSET, bytes: 1, to: 0 },
    { type: 'mask', at: 0, mask: Buffer.of(TCP_SYN) },
    { type: 'compare', from: 0, is: 'equal', value: Buffer.of(0) },
  ]
}
