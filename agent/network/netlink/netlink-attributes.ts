import { aligned } from './netlink-message.ts'

const HEADER_BYTES = 4
const NESTED = 0x8000
/** The two upper bits tell of the value: that it is nested, or in network byte order. */
const TYPE_MASK = 0x3fff

/** An attribute with a value as it is. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(aligned(HEADER_BYTES + value.length))
  if (HEADER_BYTES + value.length > 0xffff) throw new RangeError(`attribute ${type} has ${value.length} bytes`)
  bytes.writeUInt16LE(HEADER_BYTES + value.length, 0)
  bytes.writeUInt16LE(type, 2)
  bytes.set(value, HEADER_BYTES)
  return bytes
}

/** An attribute made of attributes. */
export function nested(type: number, ...attributes: readonly Uint8Array[]): Buffer {
  return attribute(type | NESTED, Buffer.concat(attributes))
}

/** Text with the zero that most families want at its end. */
export function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`))
}

/** What is there or not. */
export function flag(type: number): Buffer {
  return attribute(type, Buffer.alloc(0))
}

export function u8(type: number, value: number): Buffer {
  return attribute(type, Buffer.of(value))
}

/** In the machine's byte order, which is little-endian on all that we run on. */
export function u16(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return attribute(type, bytes)
}

export function u32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return attribute(type, bytes)
}

export function u64(type: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return attribute(type, bytes)
}

/** In network byte order. */
export function be16(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return attribute(type, bytes)
}

export function be32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return attribute(type, bytes)
}

export function be64(type: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return attribute(type, bytes)
}

/**
 * The values of attributes by type; of several of one type the last. Nested ones and those of lists are decoded by
 * another call. Throws a RangeError where one is cut short.
 */
export function decodeAttributes(bytes: Buffer): Map<number, Buffer> {
  return new Map(listAttributes(bytes).map(({ type, value }) => [type, value]))
}

/** All attributes in their order: lists have many of one type. */
export function listAttributes(bytes: Buffer): { type: number; value: Buffer }[] {
  const found: { type: number; value: Buffer }[] = []
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt16LE(at)
    if (length < HEADER_BYTES || at + length > bytes.length) {
      throw new RangeError(`a netlink attribute of ${length} bytes at ${at} of ${bytes.length}`)
    }
    found.push({ type: bytes.readUInt16LE(at + 2) & TYPE_MASK, value: bytes.subarray(at + HEADER_BYTES, at + length) })
    at += aligned(length)
  }
  return found
}

/** A value that is text, without the zero at its end. */
export function textOf(value: Buffer): string {
  const end = value.indexOf(0)
  return value.toString('utf8', 0, end < 0 ? value.length : end)
}
