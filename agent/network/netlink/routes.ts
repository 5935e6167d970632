import type { Ipv4Range } from '../../../shared/ipv4-range.ts'
import { ipv4Bytes } from './ipv4-bytes.ts'
import { attribute, decodeAttributes, u32 } from './netlink-attributes.ts'
import type { NetlinkClient } from './netlink-client.ts'
import { NetlinkError, unless } from './netlink-error.ts'
import { MODIFIERS } from './netlink-message.ts'

const RTM_NEWROUTE = 24
const RTM_DELROUTE = 25
const RTM_GETROUTE = 26
const AF_INET = 2
const HEADER_BYTES = 12
const RTPROT_STATIC = 4
const RT_SCOPE_UNIVERSE = 0
const RT_SCOPE_HOST = 254
const RTN_UNICAST = 1
const RTN_LOCAL = 2
const RTA_DST = 1
const RTA_OIF = 4
const RTA_GATEWAY = 5
const RTA_METRICS = 8
const RTAX_MTU = 2
const RTA_TABLE = 15
const LOOPBACK = 1
const MAIN_TABLE = 254

/** Where packets of a network namespace go. Rejects as NetlinkClient does. */
export class Routes {
  readonly #client: NetlinkClient

  constructor(client: NetlinkClient) {
    this.#client = client
  }

  /** The index of the link that leads to an address, and the route's own MTU where it has one. */
  async to(address: string): Promise<{ link: number; mtu?: number }> {
    const header = Buffer.alloc(HEADER_BYTES)
    header[0] = AF_INET
    header[1] = 32
    const payload = Buffer.concat([header, attribute(RTA_DST, ipv4Bytes(address))])
    const [answer] = await this.#client.request({ type: RTM_GETROUTE, payload })
    if (!answer) throw new NetlinkError('ENETUNREACH', `there is no route to ${address}`)
    const attributes = decodeAttributes(answer.payload.subarray(HEADER_BYTES))
    const mtu = decodeAttributes(attributes.get(RTA_METRICS) ?? Buffer.alloc(0))
      .get(RTAX_MTU)
      ?.readUInt32LE()
    return { link: attributes.get(RTA_OIF)?.readUInt32LE() ?? 0, ...(mtu ? { mtu } : {}) }
  }

  /** The namespace takes a range's addresses for its own, for packets that this table is asked about. */
  async addLocal(range: Ipv4Range, table: number): Promise<void> {
    const header = Buffer.of(
      AF_INET,
      range.prefixLength,
      0,
      0,
      table,
      RTPROT_STATIC,
      RT_SCOPE_HOST,
      RTN_LOCAL,
      0,
      0,
      0,
      0,
    )
    const payload = Buffer.concat([
      header,
      attribute(RTA_DST, ipv4Bytes(range.at(0))),
      u32(RTA_OIF, LOOPBACK),
      u32(RTA_TABLE, table),
    ])
    const flags = MODIFIERS.create | MODIFIERS.replace
    await this.#client.request({ type: RTM_NEWROUTE, flags, payload })
  }

  /** Everything is sent through this neighbor, or what this table is asked about. */
  async addDefault(gateway: string, table = MAIN_TABLE): Promise<void> {
    const flags = MODIFIERS.create | MODIFIERS.replace
    await this.#client.request({ type: RTM_NEWROUTE, flags, payload: defaultRoute(gateway, table) })
  }

  /** One that is gone is no failure. */
  async deleteDefault(gateway: string, table: number): Promise<void> {
    await unless('ESRCH', this.#client.request({ type: RTM_DELROUTE, payload: defaultRoute(gateway, table) }))
  }
}

function defaultRoute(gateway: string, table: number): Buffer {
  const header = Buffer.of(AF_INET, 0, 0, 0, 0, RTPROT_STATIC, RT_SCOPE_UNIVERSE, RTN_UNICAST, 0, 0, 0, 0)
  return Buffer.concat([header, attribute(RTA_GATEWAY, ipv4Bytes(gateway)), u32(RTA_TABLE, table)])
}
