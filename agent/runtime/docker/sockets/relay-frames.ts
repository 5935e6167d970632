import { ADDRESS_BYTES, COMMANDS, HEADER_BYTES, MOST_COMMAND_BYTES } from '../programs/socket-protocol.ts'

/** In place of an address's length: of a command whose result somebody waits for. */
export const AWAITED = 0xffff

export interface RelayFrame {
  kind: number
  socket: number
  extra: number
  body: Buffer
}

export function encodeCommand(
  command: keyof typeof COMMANDS,
  socket: number,
  body: Uint8Array,
  extra = AWAITED,
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(body.length, 0)
  header.writeUInt8(COMMANDS[command], 4)
  header.writeUInt8(socket, 5)
  header.writeUInt16LE(extra, 6)
  return Buffer.concat([header, body])
}

/** Throws a RangeError where it is more than a relay takes. */
export function encodeSend(socket: number, data: Uint8Array, address: Uint8Array = Buffer.alloc(0)): Buffer {
  if (ADDRESS_BYTES + data.length > MOST_COMMAND_BYTES)
    throw new RangeError(`${data.length} bytes are too many to send`)
  const padded = Buffer.alloc(ADDRESS_BYTES)
  padded.set(address)
  return encodeCommand('send', socket, Buffer.concat([padded, data]), address.length)
}

/** Takes a relay's output apart, from the first byte of a frame on. */
export class RelayFrames {
  #rest: Buffer = Buffer.alloc(0)

  split(chunk: Uint8Array): RelayFrame[] {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : Buffer.from(chunk)
    const frames: RelayFrame[] = []
    let at = 0
    while (at + HEADER_BYTES <= bytes.length) {
      const end = at + HEADER_BYTES + bytes.readUInt32LE(at)
      if (end > bytes.length) break
      const [kind, socket, extra] = [bytes.readUInt8(at + 4), bytes.readUInt8(at + 5), bytes.readUInt16LE(at + 6)]
      frames.push({ kind, socket, extra, body: bytes.subarray(at + HEADER_BYTES, end) })
      at = end
    }
    this.#rest = bytes.subarray(at)
    return frames
  }
}
