import { ipv4Bytes, ipv4Text } from './ipv4-bytes.ts'
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
/** Stands for all that nobody was learnt of. */
const ANYBODY = Buffer.alloc(6)

/**
 * To which machines a VXLAN device sends what is for all, or for somebody it has not heard yet; whom it has heard it
 * knows by itself. Rejects as NetlinkClient does.
 */
export class ForwardingRows {
  readonly #client: NetlinkClient

  constructor(client: NetlinkClient) {
    this.#client = client
  }

  async list(device: number): Promise<Set<string>> {
    const payload = Buffer.alloc(LINK_HEADER_BYTES)
    payload[0] = AF_BRIDGE
    payload.writeInt32LE(device, 4)
    const rows = await this.#client.dump({ type: RTM_GETNEIGH, payload })
    return new Set(
      rows.flatMap(({ payload }) => {
        const attributes = decodeAttributes(payload.subarray(HEADER_BYTES))
        const machine = attributes.get(NDA_DST)
        const isForAnybody = attributes.get(NDA_LLADDR)?.equals(ANYBODY) ?? false
        return payload.readInt32LE(4) === device && isForAnybody && machine?.length === 4 ? [ipv4Text(machine)] : []
      }),
    )
  }

  /** `EEXIST` where it is there. */
  async add(device: number, machine: string): Promise<void> {
    const flags = MODIFIERS.create | MODIFIERS.append
    await this.#client.request({ type: RTM_NEWNEIGH, flags, payload: row(device, machine) })
  }

  /** `ENOENT` where it is not. */
  async remove(device: number, machine: string): Promise<void> {
    await this.#client.request({ type: RTM_DELNEIGH, payload: row(device, machine) })
  }
}

/** `struct ndmsg`, and the row. */
function row(device: number, machine: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header[0] = AF_BRIDGE
  header.writeInt32LE(device, 4)
  header.writeUInt16LE(NUD_PERMANENT_NOARP, 8)
  header[10] = NTF_SELF
  return Buffer.concat([header, attribute(NDA_LLADDR, ANYBODY), attribute(NDA_DST, ipv4Bytes(machine))])
}
