export type Architecture = 'amd64' | 'arm64'

const MACHINES: Readonly<Record<Architecture, number>> = { amd64: 62, arm64: 183 }
const LOAD_ADDRESS = 0x400000
const HEADERS_BYTES = 64 + 56
const READ_AND_EXECUTE = 5

/** A static ELF executable: one segment of headers, code and data. It begins at the first byte of `code`. */
export function elfExecutable(architecture: Architecture, code: Buffer): Buffer {
  const size = HEADERS_BYTES + code.length
  const identity = Buffer.from('7f454c46020101000000000000000000', 'hex')
  const header = [
    ...[identity, u16(2), u16(MACHINES[architecture]), u32(1), u64(LOAD_ADDRESS + HEADERS_BYTES), u64(64), u64(0)],
    ...[u32(0), u16(64), u16(56), u16(1), u16(0), u16(0), u16(0)],
  ]
  const segment = [
    ...[u32(1), u32(READ_AND_EXECUTE), u64(0), u64(LOAD_ADDRESS), u64(LOAD_ADDRESS)],
    ...[u64(size), u64(size), u64(0x1000)],
  ]
  return Buffer.concat([...header, ...segment, code])
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
