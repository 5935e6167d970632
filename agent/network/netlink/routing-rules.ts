import { ipv4Bytes, ipv4Text } from './ipv4-bytes.ts'
import { attribute, decodeAttributes, u32 } from './netlink-attributes.ts'
import type { NetlinkClient } from './netlink-client.ts'
import { unless } from './netlink-error.ts'
import { MODIFIERS } from './netlink-message.ts'

const RTM_NEWRULE = 32
const RTM_DELRULE = 33
const RTM_GETRULE = 34
const AF_INET = 2
const HEADER_BYTES = 12
const ADDRESS_BITS = 32
const FR_ACT_TO_TBL = 1
const FRA_SRC = 2
const FRA_PRIORITY = 6
const FRA_MARK = 10
const FRA_TABLE = 15

/** Which packets a routing table is asked about, before tables of rules with a higher priority number. */
export interface RoutingRule {
  readonly priority: number
  readonly table: number
  /** The address that a packet is from. */
  readonly from?: string
  readonly mark?: number
}

/** Which routing tables of a network namespace are asked. Rejects as NetlinkClient does. */
export class RoutingRules {
  readonly #client: NetlinkClient

  constructor(client: NetlinkClient) {
    this.#client = client
  }

  async list(): Promise<RoutingRule[]> {
    const header = Buffer.alloc(HEADER_BYTES)
    header[0] = AF_INET
    const answers = await this.#client.dump({ type: RTM_GETRULE, payload: header })
    return answers.map(({ payload }) => decodeRule(payload))
  }

  /** One that is there stays. */
  async add(rule: RoutingRule): Promise<void> {
    const flags = MODIFIERS.create | MODIFIERS.exclusive
    await unless('EEXIST', this.#client.request({ type: RTM_NEWRULE, flags, payload: encodeRule(rule) }))
  }

  /** One that is gone is no failure. */
  async delete(rule: RoutingRule): Promise<void> {
    await unless('ENOENT', this.#client.request({ type: RTM_DELRULE, payload: encodeRule(rule) }))
  }
}

function encodeRule({ priority, table, from, mark }: RoutingRule): Buffer {
  const header = Buffer.of(AF_INET, 0, from ? ADDRESS_BITS : 0, 0, 0, 0, 0, FR_ACT_TO_TBL, 0, 0, 0, 0)
  return Buffer.concat([
    header,
    ...(from === undefined ? [] : [attribute(FRA_SRC, ipv4Bytes(from))]),
    ...(mark === undefined ? [] : [u32(FRA_MARK, mark)]),
    u32(FRA_PRIORITY, priority),
    u32(FRA_TABLE, table),
  ])
}

function decodeRule(payload: Buffer): RoutingRule {
  const attributes = decodeAttributes(payload.subarray(HEADER_BYTES))
  const numberOf = (type: number) => attributes.get(type)?.readUInt32LE()
  const source = attributes.get(FRA_SRC)
  const mark = numberOf(FRA_MARK)
  return {
    priority: numberOf(FRA_PRIORITY) ?? 0,
    table: numberOf(FRA_TABLE) ?? 0,
    ...(source ? { from: ipv4Text(source) } : {}),
    ...(mark ? { mark } : {}),
  }
}
