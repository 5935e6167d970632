import type { Ipv4Range } from '../../../shared/ipv4-range.ts'
import { ipv4Bytes } from '../netlink/ipv4-bytes.ts'
import type { Expression, Rule } from '../nftables/rule.ts'
import type { Chain, SetDefinition, TableChange, TableFrame } from '../nftables/table.ts'
import { loadDestinationAddress, loadSource, maskOf } from '../services/packet-match.ts'

export interface LinkName {
  readonly name: string
  readonly index: number
}

/** What is joined: the containers of a node on the Pods' bridge, with each other and with other machines. */
export interface ShortcutWays {
  /** By their addresses: the machine's ends of their links. */
  readonly ports: ReadonlyMap<string, LinkName>
  readonly tunnel?: ShortcutTunnel
}

/** What leads to other machines. */
export interface ShortcutTunnel extends LinkName {
  /** The ranges of the nodes there. */
  readonly ranges: readonly Ipv4Range[]
}

const PORTS: SetDefinition = { name: 'ports', key: ['ipv4_addr'], value: ['iface_index'] }
const LEAVING = 'leaving'
const ETHER_TYPE_IPV4 = Buffer.from([0x08, 0x00])
/** Clear of what matches overwrite. */
const LINK = 1

/**
 * The table of the family `netdev` that has IPv4 packets between a container of this node and another of it, or one of
 * another machine, leave by the other's link as soon as they come in over the one's: both ways, and only with an address
 * that belongs to the link. All others go the way that they would go without it.
 */
export function shortcutTable(name: string, ways: ShortcutWays): { frame: TableFrame; contents: TableChange } {
  const { tunnel, ports } = ways
  const lengths = [...new Set(tunnel?.ranges.map(({ prefixLength }) => prefixLength))]
  const awayRules = tunnel ? lengths.map((length) => awayRule(length, tunnel)) : []
  const leaving: Chain = { name: LEAVING, rules: [nearRule(), ...awayRules] }
  const arriving: Chain[] = tunnel
    ? [{ name: 'arriving', hook: ingress(tunnel), rules: lengths.map(arrivingRule) }]
    : []
  const ranges = lengths.map((length) => {
    const alike = tunnel?.ranges.filter(({ prefixLength }) => prefixLength === length) ?? []
    return [rangesOf(length).name, new Map(alike.map((range) => [range.at(0), '']))] as const
  })
  return {
    frame: { name, family: 'netdev', sets: [PORTS, ...lengths.map(rangesOf)], chains: [leaving, ...arriving] },
    contents: {
      addedChains: Array.from(ports, ([address, link]) => entry(address, link)),
      deletedElements: new Map(),
      addedElements: new Map([
        [PORTS.name, new Map(Array.from(ports, ([address, { index }]) => [address, String(index)]))],
        ...ranges,
      ]),
      deletedChains: [],
    },
  }
}

/** The ranges of other machines that have a length, by their first addresses. */
function rangesOf(length: number): SetDefinition {
  return { name: `ranges-${length}`, key: ['ipv4_addr'] }
}

function entry(address: string, link: LinkName): Chain {
  const rule: Rule = [
    ...isIpv4(),
    ...loadSource(0),
    { type: 'compare', from: 0, is: 'equal', value: ipv4Bytes(address) },
    { type: 'verdict', verdict: `goto ${LEAVING}` },
  ]
  return { name: `from-${link.name}`, hook: ingress(link), rules: [rule] }
}

function ingress({ name }: LinkName): Chain['hook'] {
  return { type: 'filter', at: 'ingress', link: name, priority: 0 }
}

function nearRule(): Rule {
  return [...loadDestinationAddress(0), ...forwardToPort()]
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
  return [...isIpv4(), ...loadSource(0), ...isOfOthers(length), ...loadDestinationAddress(0), ...forwardToPort()]
}

/** To the container whose address was loaded. */
function forwardToPort(): Expression[] {
  return [
    { type: 'lookup', set: PORTS.name, from: 0, to: LINK },
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
