import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { constants, createDeflate } from 'node:zlib'
import { HEADER_DICTIONARY } from '../../controlplane/apiserver/streaming/spdy/header-dictionary.ts'

/** What a server says: `reply`, `reset`, `ping`, `goaway`, or data with `fin` at its end. */
export interface ServerFrame {
  type: 'reply' | 'reset' | 'ping' | 'goaway' | 'data' | 'other'
  /** Of what kind of number depends on the type. */
  number: number
  text: string
  isFinal: boolean
}

const TYPES: Readonly<Record<number, ServerFrame['type']>> = { 2: 'reply', 3: 'reset', 6: 'ping', 7: 'goaway' }

/** Speaks SPDY/3.1 as kubectl does, and also as it never would. */
export class SpdyClient {
  readonly frames: ServerFrame[] = []
  readonly #socket: Duplex
  readonly #deflate = createDeflate({ dictionary: HEADER_DICTIONARY, flush: constants.Z_SYNC_FLUSH })
  #buffer = Buffer.alloc(0)
  #newest = -1

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', () => {})
  }

  /** Resolves to the stream's number. */
  async open(headers: Record<string, string>, isFinal = false): Promise<number> {
    this.#newest += 2
    const block = await this.compress(headers)
    this.control(1, isFinal ? 1 : 0, Buffer.concat([u32(this.#newest), u32(0), Buffer.alloc(2), block]))
    return this.#newest
  }

  data(stream: number, text: string | Buffer, isFinal = false): void {
    const body = Buffer.from(text)
    const head = Buffer.concat([u32(stream), u32(body.length)])
    head[4] = isFinal ? 1 : 0
    this.raw(Buffer.concat([head, body]))
  }

  reset(stream: number): void {
    this.control(3, 0, Buffer.concat([u32(stream), u32(5)]))
  }

  ping(id: number): void {
    this.control(6, 0, u32(id))
  }

  control(type: number, flags: number, body: Buffer): void {
    const head = Buffer.concat([Buffer.of(0x80, 3, 0, type), u32(body.length)])
    head[4] = flags
    this.raw(Buffer.concat([head, body]))
  }

  raw(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  async compress(headers: Record<string, string>): Promise<Buffer> {
    const pairs = Object.entries(headers)
    const block = Buffer.concat([
      u32(pairs.length),
      ...pairs.flat().map((text) => Buffer.concat([u32(text.length), Buffer.from(text)])),
    ])
    const readable = once(this.#deflate, 'readable')
    this.#deflate.write(block)
    await readable
    return this.#deflate.read() as Buffer
  }

  /** The text of a stream so far. */
  text(stream: number): string {
    return this.#dataOf(stream)
      .map(({ text }) => text)
      .join('')
  }

  hasEnded(stream: number): boolean {
    return this.#dataOf(stream).some(({ isFinal }) => isFinal)
  }

  #dataOf(stream: number): ServerFrame[] {
    return this.frames.filter(({ type, number }) => type === 'data' && number === stream)
  }

  #receive(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    while (this.#buffer.length >= 8) {
      const length = this.#buffer.readUIntBE(5, 3)
      if (this.#buffer.length < 8 + length) return
      this.frames.push(parse(this.#buffer.subarray(0, 8), this.#buffer.subarray(8, 8 + length)))
      this.#buffer = this.#buffer.subarray(8 + length)
    }
  }
}

function parse(head: Buffer, body: Buffer): ServerFrame {
  const isFinal = head[4] === 1
  if (!(head.readUInt8(0) & 0x80)) {
    return { type: 'data', number: head.readUInt32BE(0), text: body.toString(), isFinal }
  }
  return { type: TYPES[head.readUInt16BE(2)] ?? 'other', number: body.readUInt32BE(0), text: '', isFinal }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
