import type { Ipv4Range } from '../../../shared/ipv4-range.ts'
import { ipv4Bytes } from '../netlink/ipv4-bytes.ts'
import type { Expression, Rule } from '../nftables/rule.ts'
import type { Chain, SetDefinition, TableChange, TableFrame } from '../nftables/table.ts'
import { loadDestinationAddress, loadSource, maskOf } from '../services/packet-match.ts'

export interface LinkName {
  readonly name: string
  readonly index: number
}

/** What is joined, by addresses: the machine's ends of links to containers of a node, and what leads to other machines. */
export interface ShortcutWays {
  readonly pods: ReadonlyMap<string, LinkName>
  readonly forwarders: ReadonlyMap<string, Forwarder>
  readonly tunnel?: ShortcutTunnel
}

/** A container that leads on to Pods what comes to it, in its own name. */
export interface Forwarder extends LinkName {
  /** The ports at which the machine's rules lead to it. */
  readonly publishedPorts: readonly number[]
}

export interface ShortcutTunnel extends LinkName {
  /** The ranges of the nodes on other machines. */
  readonly ranges: readonly Ipv4Range[]
}

const PODS: SetDefinition = { name: 'pods', key: ['ipv4_addr'], value: ['iface_index'] }
const FORWARDERS: SetDefinition = { ...PODS, name: 'forwarders' }
/** Both. */
const ENDS: SetDefinition = { ...PODS, name: 'ends' }
const FROM_PODS = 'from-pods'
const FROM_FORWARDERS = 'from-forwarders'
const ETHER_TYPE_IPV4 = Buffer.from([0x08, 0x00])
/** Clear of what matches overwrite. */
const LINK = 1

/**
 * The table of the family `netdev` that has IPv4 packets between Pods and forwarders of this node, and between both and
 * other machines, leave by the other's link as soon as they come in over the one's: both ways, and only with an address
 * that belongs to the link. All others go the way that they would go without it: those between Pods of the node, as either
 * may know the other by an address that only the machine's rules can put back, and what a forwarder answers at its published
 * ports, for the same reason. What goes between machines takes the fewest look-ups: it is most of what is looked at.
 */
export function shortcutTable(name: string, ways: ShortcutWays): { frame: TableFrame; contents: TableChange } {
  const { pods, forwarders, tunnel } = ways
  const lengths = [...new Set(tunnel?.ranges.map(({ prefixLength }) => prefixLength))]
  const away = tunnel ? lengths.map((length) => awayRule(length, tunnel)) : []
  const chains: Chain[] = [
    { name: FROM_PODS, rules: [...away, [...loadDestinationAddress(0), ...forwardTo(FORWARDERS)]] },
    { name: FROM_FORWARDERS, rules: [...away, [...loadDestinationAddress(0), ...forwardTo(PODS)]] },
  ]
  if (tunnel) chains.push({ name: 'arriving', hook: ingress(tunnel), rules: lengths.map(arrivingRule) })
  const ranges = lengths.map((length) => {
    const alike = tunnel?.ranges.filter(({ prefixLength }) => prefixLength === length) ?? []
    return [rangesOf(length), new Map(alike.map((range) => [range.at(0), '']))] as const
  })
  const ends = new Map([...indexes(pods), ...indexes(forwarders)])
  const held = [[PODS, indexes(pods)], [FORWARDERS, indexes(forwarders)], [ENDS, ends], ...ranges] as const
  // The table is written anew for each change. The kernel takes 0 for no size.
  const sets = held.map(([set, elements]) => ({ ...set, size: Math.max(1, elements.size) }))
  return {
    frame: { name, family: 'netdev', sets, chains },
    contents: {
      addedChains: [
        ...Array.from(pods, ([address, link]) => entry(link, [fromAddress(address, FROM_PODS)])),
        ...Array.from(forwarders, ([address, link]) => {
          return entry(link, [...link.publishedPorts.map(answersAt), fromAddress(address, FROM_FORWARDERS)])
        }),
      ],
      deletedElements: new Map(),
      addedElements: new Map(held.map(([set, elements]) => [set.name, elements])),
      deletedChains: [],
    },
  }
}

function indexes(links: ReadonlyMap<string, LinkName>): Map<string, string> {
  return new Map(Array.from(links, ([address, { index }]) => [address, String(index)]))
}

/** The ranges of other machines that have a length, by their first addresses. */
function rangesOf(length: number): SetDefinition {
  return { name: `ranges-${length}`, key: ['ipv4_addr'] }
}

function entry(link: LinkName, rules: readonly Rule[]): Chain {
  return { name: `over-${link.name}`, hook: ingress(link), rules }
}

function fromAddress(address: string, chain: string): Rule {
  return [
    ...isIpv4(),
    ...loadSource(0),
    { type: 'compare', from: 0, is: 'equal', value: ipv4Bytes(address) },
    { type: 'verdict', verdict: `goto ${chain}` },
  ]
}

/** Whatever protocol it is: others than TCP and UDP go the long way by chance. */
function answersAt(port: number): Rule {
  const value = Buffer.alloc(2)
  value.writeUInt16BE(port)
  return [
    ...isIpv4(),
    { type: 'payload', base: 'transport', offset: 0, bytes: 2, to: 0 },
    { type: 'compare', from: 0, is: 'equal', value },
    { type: 'verdict', verdict: 'accept' },
  ]
}

function ingress({ name }: LinkName): Chain['hook'] {
  return { type: 'filter', at: 'ingress', link: name, priority: 0 }
}

function awayRule(length: number, tunnel: LinkName): Rule {
  const index = Buffer.alloc(4)
  index.writeUInt32LE(tunnel.index)
  return [
    ...loadDestinationAddress(0),
    ...isOfOthers(length),
    { type: 'value', value: index, to: LINK },
    { type: 'forward', link: LINK },
  ]
}

function arrivingRule(length: number): Rule {
  return [...isIpv4(), ...loadSource(0), ...isOfOthers(length), ...loadDestinationAddress(0), ...forwardTo(ENDS)]
}

/** To the container whose address was loaded. */
function forwardTo(set: SetDefinition): Expression[] {
  return [
    { type: 'lookup', set: set.name, from: 0, to: LINK },
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

function isIpv4(): Expression[] {
  return [
    { type: 'etherType', to: 0 },
    { type: 'compare', from: 0, is: 'equal', value: ETHER_TYPE_IPV4 },
  ]
}
