import { ipv4Bytes, ipv4Text } from './ipv4-bytes.ts'
import { macBytes, macText } from './mac-bytes.ts'
import { attribute, decodeAttributes } from './netlink-attributes.ts'
import type { NetlinkClient } from './netlink-client.ts'
import { MODIFIERS } from './netlink-message.ts'

const RTM_NEWNEIGH = 28
const RTM_DELNEIGH = 29
const RTM_GETNEIGH = 30
const AF_BRIDGE = 7
const HEADER_BYTES = 12
const LINK_HEADER_BYTES = 16
const NUD_PERMANENT_NOARP = 0xc0
const NTF_SELF = 2
const NDA_DST = 1
const NDA_LLADDR = 2
const MAC_BYTES = 6

/** Stands for all that nobody was learnt of. */
export const ANYBODY = '00:00:00:00:00:00'

/** What is for `mac` goes to this machine. */
export interface ForwardingRow {
  mac: string
  machine: string
}

/**
 * To which machines a VXLAN device sends what is for all, or for somebody it has not heard yet; for whom it has heard it
 * makes a row by itself. Rejects as NetlinkClient does.
 */
export class ForwardingRows {
  readonly #client: NetlinkClient

  constructor(client: NetlinkClient) {
    this.#client = client
  }

  async list(device: number): Promise<ForwardingRow[]> {
    const payload = Buffer.alloc(LINK_HEADER_BYTES)
    payload[0] = AF_BRIDGE
    payload.writeInt32LE(device, 4)
    const rows = await this.#client.dump({ type: RTM_GETNEIGH, payload })
    return rows.flatMap(({ payload }) => {
      const attributes = decodeAttributes(payload.subarray(HEADER_BYTES))
      const [mac, machine] = [attributes.get(NDA_LLADDR), attributes.get(NDA_DST)]
      if (payload.readInt32LE(4) !== device || mac?.length !== MAC_BYTES || machine?.length !== 4) return []
      return [{ mac: macText(mac), machine: ipv4Text(machine) }]
    })
  }

  /** For anybody. `EEXIST` where it is there. */
  async add(device: number, machine: string): Promise<void> {
    const flags = MODIFIERS.create | MODIFIERS.append
    await this.#client.request({ type: RTM_NEWNEIGH, flags, payload: message(device, { mac: ANYBODY, machine }) })
  }

  /** `ENOENT` where it is not. */
  async remove(device: number, row: ForwardingRow): Promise<void> {
    await this.#client.request({ type: RTM_DELNEIGH, payload: message(device, row) })
  }
}

/** `struct ndmsg`, and the row. */
function message(device: number, { mac, machine }: ForwardingRow): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header[0] = AF_BRIDGE
  header.writeInt32LE(device, 4)
  header.writeUInt16LE(NUD_PERMANENT_NOARP, 8)
  header[10] = NTF_SELF
  return Buffer.concat([header, attribute(NDA_LLADDR, macBytes(mac)), attribute(NDA_DST, ipv4Bytes(machine))])
}
