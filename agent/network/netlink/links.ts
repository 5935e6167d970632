import type { Ipv4Range } from '../../../shared/ipv4-range.ts'
import { ipv4Bytes, ipv4Text } from './ipv4-bytes.ts'
import { macBytes } from './mac-bytes.ts'
import { attribute, be16, decodeAttributes, nested, text, textOf, u8, u32 } from './netlink-attributes.ts'
import type { NetlinkClient } from './netlink-client.ts'
import { unless } from './netlink-error.ts'
import { MODIFIERS } from './netlink-message.ts'

export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
const RTM_GETLINK = 18
const RTM_NEWADDR = 20
const RTM_GETADDR = 22
/** Whoever is a member is told of links that come, go and change. */
export const RTNLGRP_LINK = 1

const HEADER_BYTES = 16
const AF_INET = 2
const AF_INET6 = 10
const IFF_UP = 1
const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_LINK = 5
const IFLA_MASTER = 10
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const IFLA_NET_NS_PID = 19
const IFLA_AF_SPEC = 26
const IFLA_INET_CONF = 1
const IFLA_EXT_MASK = 29
const RTEXT_FILTER_SKIP_STATS = 8
const VXLAN_ID = 1
const VXLAN_LOCAL = 4
const VXLAN_LEARNING = 7
const VXLAN_PORT_RANGE = 10
const VXLAN_PORT = 15
const VETH_PEER = 1
const IFA_HEADER_BYTES = 8
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_BROADCAST = 4

export interface Link {
  index: number
  name: string
  mtu: number
  up: boolean
  /** The bridge that it is a port of. */
  master?: number
  /** Of one end of a pair, or of what is on top of another link: the other's index, in the namespace where that is. */
  other?: number
  /** Such as `bridge`; absent for hardware and what looks like it. */
  kind?: string
  vxlan?: Vxlan
  /** The kernel has IPv6 for it, in use or not. */
  hasIPv6: boolean
}

/** The other end of a pair, in another network namespace. */
export interface Peer {
  name: string
  /** Such as `02:42:0a:2a:00:04`. */
  mac: string
  /** Of this process, by its number in the namespace of processes of whoever has the socket. */
  process: number
}

/** A tunnel of Ethernet frames in UDP. */
export interface Vxlan {
  /** The network in the tunnel, 24 bits. */
  id: number
  port: number
  /** The address that it sends from; absent: as the routes say. */
  local?: string
}

export interface NewVxlan extends Vxlan {
  /** The ports that it sends from: each connection in it from one of them. Cannot be changed. */
  sourcePorts: { first: number; count: number }
}

export interface LinkChange {
  up?: boolean
  mtu?: number
  master?: number
}

/** Numbers of `net.ipv4.conf.*` of an interface, as the kernel numbers them. */
export const INTERFACE_SETTING = { acceptRedirects: 4, sendRedirects: 6 } as const

/** The links of a network namespace, and addresses on them. Rejects as NetlinkClient does. */
export class Links {
  readonly #client: NetlinkClient

  constructor(client: NetlinkClient) {
    this.#client = client
  }

  async list(): Promise<Link[]> {
    const payload = Buffer.concat([header({}), u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)])
    const answers = await this.#client.dump({ type: RTM_GETLINK, payload })
    return answers.filter(({ type }) => type === RTM_NEWLINK).map(({ payload }) => linkOf(payload))
  }

  async find(name: string): Promise<Link | undefined> {
    const payload = Buffer.concat([header({}), text(IFLA_IFNAME, name), u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)])
    const answers = await unless('ENODEV', this.#client.request({ type: RTM_GETLINK, payload }))
    return answers?.filter(({ type }) => type === RTM_NEWLINK).map(({ payload }) => linkOf(payload))[0]
  }

  /** IPv4 addresses, each with the index of its link. */
  async addresses(): Promise<Map<string, number>> {
    const ask = Buffer.alloc(IFA_HEADER_BYTES)
    ask[0] = AF_INET
    const found = new Map<string, number>()
    for (const { payload } of await this.#client.dump({ type: RTM_GETADDR, payload: ask })) {
      const attributes = decodeAttributes(payload.subarray(IFA_HEADER_BYTES))
      const address = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS)
      if (address) found.set(ipv4Text(address), payload.readUInt32LE(4))
    }
    return found
  }

  /** One that is up; `EEXIST` where its name is taken. */
  async createBridge(name: string, { mtu, mac }: { mtu: number; mac: string }): Promise<void> {
    const payload = Buffer.concat([
      header({ up: true }),
      text(IFLA_IFNAME, name),
      u32(IFLA_MTU, mtu),
      attribute(IFLA_ADDRESS, macBytes(mac)),
      nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, 'bridge')),
    ])
    await this.#client.request({ type: RTM_NEWLINK, flags: MODIFIERS.create | MODIFIERS.exclusive, payload })
  }

  /** A port of a bridge from the beginning; `EEXIST` where one of its name or its network is there. */
  async createVxlan(name: string, vxlan: NewVxlan, { mtu, master }: { mtu: number; master: number }): Promise<void> {
    const { first, count } = vxlan.sourcePorts
    const sourcePorts = Buffer.alloc(4)
    sourcePorts.writeUInt16BE(first)
    // The first that is not one of them.
    sourcePorts.writeUInt16BE(first + count, 2)
    const data = [u32(VXLAN_ID, vxlan.id), be16(VXLAN_PORT, vxlan.port), u8(VXLAN_LEARNING, 1)]
    data.push(attribute(VXLAN_PORT_RANGE, sourcePorts))
    if (vxlan.local !== undefined) data.push(attribute(VXLAN_LOCAL, ipv4Bytes(vxlan.local)))
    const payload = Buffer.concat([
      header({ up: true }),
      text(IFLA_IFNAME, name),
      u32(IFLA_MTU, mtu),
      u32(IFLA_MASTER, master),
      nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, 'vxlan'), nested(IFLA_INFO_DATA, ...data)),
    ])
    await this.#client.request({ type: RTM_NEWLINK, flags: MODIFIERS.create | MODIFIERS.exclusive, payload })
  }

  /**
   * A pair: this end a port of a bridge from the beginning. `EEXIST` where an end's name is taken, `ESRCH` where there is no
   * such process.
   */
  async createPair(name: string, { mtu, master }: { mtu: number; master: number }, peer: Peer): Promise<void> {
    const other = Buffer.concat([
      header({}),
      text(IFLA_IFNAME, peer.name),
      u32(IFLA_MTU, mtu),
      attribute(IFLA_ADDRESS, macBytes(peer.mac)),
      u32(IFLA_NET_NS_PID, peer.process),
    ])
    const payload = Buffer.concat([
      header({ up: true }),
      text(IFLA_IFNAME, name),
      u32(IFLA_MTU, mtu),
      u32(IFLA_MASTER, master),
      nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, 'veth'), nested(IFLA_INFO_DATA, attribute(VETH_PEER, other))),
    ])
    await this.#client.request({ type: RTM_NEWLINK, flags: MODIFIERS.create | MODIFIERS.exclusive, payload })
  }

  /** Gives a link an IPv4 address, whose range is reached over it; one that it has is no failure. */
  async addAddress(index: number, address: string, range: Ipv4Range): Promise<void> {
    const start = Buffer.alloc(IFA_HEADER_BYTES)
    start[0] = AF_INET
    start[1] = range.prefixLength
    start.writeUInt32LE(index, 4)
    const own = ipv4Bytes(address)
    const broadcast = attribute(IFA_BROADCAST, ipv4Bytes(range.at(range.size - 1)))
    const payload = Buffer.concat([start, attribute(IFA_LOCAL, own), attribute(IFA_ADDRESS, own), broadcast])
    await this.#client.request({ type: RTM_NEWADDR, flags: MODIFIERS.create | MODIFIERS.replace, payload })
  }

  async change(index: number, { up, mtu, master }: LinkChange): Promise<void> {
    const payload = Buffer.concat([
      header({ index, ...(up === undefined ? {} : { up }) }),
      ...(mtu === undefined ? [] : [u32(IFLA_MTU, mtu)]),
      ...(master === undefined ? [] : [u32(IFLA_MASTER, master)]),
    ])
    await this.#client.request({ type: RTM_NEWLINK, payload })
  }

  /** Sets `net.ipv4.conf.<link>` parameters. */
  async configure(index: number, settings: ReadonlyMap<number, number>): Promise<void> {
    const values = [...settings].map(([setting, value]) => u32(setting, value))
    const payload = Buffer.concat([
      header({ index }),
      nested(IFLA_AF_SPEC, nested(AF_INET, nested(IFLA_INET_CONF, ...values))),
    ])
    await this.#client.request({ type: RTM_NEWLINK, payload })
  }

  async delete(index: number): Promise<void> {
    await this.#client.request({ type: RTM_DELLINK, payload: header({ index }) })
  }
}

/** `struct ifinfomsg`. */
function header({ index = 0, up }: { index?: number; up?: boolean }): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.writeInt32LE(index, 4)
  if (up !== undefined) {
    bytes.writeUInt32LE(up ? IFF_UP : 0, 8)
    bytes.writeUInt32LE(IFF_UP, 12)
  }
  return bytes
}

/** Also what a notification tells of. Throws a RangeError for what is no link. */
export function linkOf(payload: Buffer): Link {
  const attributes = decodeAttributes(payload.subarray(HEADER_BYTES))
  const master = attributes.get(IFLA_MASTER)?.readUInt32LE()
  const other = attributes.get(IFLA_LINK)?.readUInt32LE()
  const info = decodeAttributes(attributes.get(IFLA_LINKINFO) ?? Buffer.alloc(0))
  const kind = info.get(IFLA_INFO_KIND)
  const data = info.get(IFLA_INFO_DATA)
  return {
    index: payload.readInt32LE(4),
    name: textOf(attributes.get(IFLA_IFNAME) ?? Buffer.alloc(0)),
    mtu: attributes.get(IFLA_MTU)?.readUInt32LE() ?? 0,
    up: (payload.readUInt32LE(8) & IFF_UP) !== 0,
    ...(master ? { master } : {}),
    ...(other ? { other } : {}),
    hasIPv6: decodeAttributes(attributes.get(IFLA_AF_SPEC) ?? Buffer.alloc(0)).has(AF_INET6),
    ...(kind ? { kind: textOf(kind) } : {}),
    ...(kind && data && textOf(kind) === 'vxlan' ? { vxlan: vxlanOf(data) } : {}),
  }
}

function vxlanOf(data: Buffer): Vxlan {
  const attributes = decodeAttributes(data)
  const local = attributes.get(VXLAN_LOCAL)
  return {
    id: attributes.get(VXLAN_ID)?.readUInt32LE() ?? 0,
    port: attributes.get(VXLAN_PORT)?.readUInt16BE() ?? 0,
    ...(local ? { local: ipv4Text(local) } : {}),
  }
}
