const HEADER_BYTES = 16
const ALIGNMENT = 4

/** Flags of all requests. Others depend on the kind of message: `MODIFIERS`. */
export const NLM_F_REQUEST = 0x1
export const NLM_F_ACK = 0x4
export const NLM_F_DUMP_INTR = 0x10
export const NLM_F_DUMP = 0x300
/** For messages that make something. */
export const MODIFIERS = { replace: 0x100, exclusive: 0x200, create: 0x400, append: 0x800 } as const
/** In the answer to a failed request: attributes follow, and the request is not repeated but for its header. */
export const NLM_F_CAPPED = 0x100
export const NLM_F_ACK_TLVS = 0x200

/** A message of any of the kernel's netlink families. */
export interface NetlinkMessage {
  type: number
  flags: number
  /** The family's own header, then attributes. */
  payload: Buffer
}

export interface ReceivedMessage extends NetlinkMessage {
  sequence: number
  /** The socket that it is meant for, which the kernel numbers; 0 for a notification to a group. */
  port: number
}

export function encodeMessage({ type, flags, payload }: NetlinkMessage, sequence: number): Buffer {
  const message = Buffer.alloc(aligned(HEADER_BYTES + payload.length))
  message.writeUInt32LE(HEADER_BYTES + payload.length, 0)
  message.writeUInt16LE(type, 4)
  message.writeUInt16LE(flags, 6)
  message.writeUInt32LE(sequence, 8)
  payload.copy(message, HEADER_BYTES)
  return message
}

/** All messages of a datagram. Throws a RangeError where it is cut short. */
export function decodeMessages(datagram: Buffer): ReceivedMessage[] {
  const messages: ReceivedMessage[] = []
  for (let at = 0; at < datagram.length; ) {
    const length = datagram.readUInt32LE(at)
    if (length < HEADER_BYTES || at + length > datagram.length) {
      throw new RangeError(`a netlink message of ${length} bytes at ${at} of ${datagram.length}`)
    }
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      port: datagram.readUInt32LE(at + 12),
      payload: datagram.subarray(at + HEADER_BYTES, at + length),
    })
    at += aligned(length)
  }
  return messages
}

/** Messages and attributes begin at multiples of 4 bytes. */
export function aligned(bytes: number): number {
  return (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1)
}
