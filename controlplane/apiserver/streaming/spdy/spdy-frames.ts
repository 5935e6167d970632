import { ByteReader } from './byte-reader.ts'

/** What a client says, as far as it matters here. */
export type SpdyFrame =
  | { readonly type: 'synStream'; readonly stream: number; readonly block: Buffer; readonly isFinal: boolean }
  | { readonly type: 'headers'; readonly stream: number; readonly block: Buffer; readonly isFinal: boolean }
  /** The bytes of one frame of data may come in several of these, of which the last is final if the frame is. */
  | { readonly type: 'data'; readonly stream: number; readonly data: Buffer; readonly isFinal: boolean }
  | { readonly type: 'reset'; readonly stream: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway' }
  | { readonly type: 'other' }

const VERSION = 3
const SYN_STREAM = 1
const SYN_REPLY = 2
const RST_STREAM = 3
const PING = 6
const GOAWAY = 7
const HEADERS = 8
const FLAG_FIN = 1
const STREAM_MASK = 0x7fffffff
const SYN_STREAM_BYTES = 10

/** Of a frame that is not data. */
const MOST_CONTROL_BYTES = 16 * 1024
/** Of one piece of data. */
const MOST_DATA_BYTES = 64 * 1024

/** Reads frames until the source ends. Throws for what is no SPDY/3, or longer than it may be. */
export async function* readFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<SpdyFrame> {
  const bytes = new ByteReader(source)
  for (;;) {
    const head = await bytes.exactly(8)
    if (!head) return
    const flags = head.readUInt8(4)
    const length = head.readUIntBE(5, 3)
    if (head.readUInt8(0) & 0x80) {
      if (length > MOST_CONTROL_BYTES) throw new Error(`a frame of ${length} bytes`)
      const body = length === 0 ? Buffer.alloc(0) : await bytes.exactly(length)
      if (!body) return
      yield controlFrame(head.readUInt16BE(0) & 0x7fff, head.readUInt16BE(2), flags, body)
    } else {
      yield* dataOf(bytes, head.readUInt32BE(0), length, (flags & FLAG_FIN) !== 0)
    }
  }
}

async function* dataOf(bytes: ByteReader, stream: number, length: number, isFinal: boolean): AsyncGenerator<SpdyFrame> {
  if (length === 0) yield { type: 'data', stream, data: Buffer.alloc(0), isFinal }
  for (let left = length; left > 0; ) {
    const data = await bytes.some(Math.min(left, MOST_DATA_BYTES))
    if (!data) return
    left -= data.length
    yield { type: 'data', stream, data, isFinal: isFinal && left === 0 }
  }
}

function controlFrame(version: number, type: number, flags: number, body: Buffer): SpdyFrame {
  if (version !== VERSION) throw new Error(`SPDY version ${version}`)
  const isFinal = (flags & FLAG_FIN) !== 0
  const number = () => {
    if (body.length < 4) throw new Error(`a frame of type ${type} with ${body.length} bytes`)
    return body.readUInt32BE(0)
  }
  switch (type) {
    case SYN_STREAM:
      if (body.length < SYN_STREAM_BYTES) throw new Error('a stream without headers')
      return { type: 'synStream', stream: number() & STREAM_MASK, block: body.subarray(SYN_STREAM_BYTES), isFinal }
    case HEADERS:
      return { type: 'headers', stream: number() & STREAM_MASK, block: body.subarray(4), isFinal }
    case RST_STREAM:
      return { type: 'reset', stream: number() & STREAM_MASK }
    case PING:
      return { type: 'ping', id: number() }
    case GOAWAY:
      return { type: 'goAway' }
    default:
      return { type: 'other' }
  }
}

export function dataFrame(stream: number, data: Uint8Array, isFinal: boolean): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(stream)
  head.writeUInt8(isFinal ? FLAG_FIN : 0, 4)
  head.writeUIntBE(data.byteLength, 5, 3)
  return Buffer.concat([head, data])
}

export function synReplyFrame(stream: number, block: Uint8Array): Buffer {
  return encodeControl(SYN_REPLY, u32(stream), block)
}

/** `status` as SPDY numbers them: 1 for a breach of the protocol, 3 refused, 5 cancelled. */
export function resetFrame(stream: number, status: 1 | 3 | 5): Buffer {
  return encodeControl(RST_STREAM, u32(stream), u32(status))
}

export function pingFrame(id: number): Buffer {
  return encodeControl(PING, u32(id))
}

/** `status` 0 for a good end, 1 for a breach of the protocol. */
export function goAwayFrame(lastStream: number, status: 0 | 1): Buffer {
  return encodeControl(GOAWAY, u32(lastStream), u32(status))
}

function encodeControl(type: number, ...body: Uint8Array[]): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(0x8000 | VERSION)
  head.writeUInt16BE(type, 2)
  head.writeUIntBE(
    body.reduce((sum, part) => sum + part.byteLength, 0),
    5,
    3,
  )
  return Buffer.concat([head, ...body])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
