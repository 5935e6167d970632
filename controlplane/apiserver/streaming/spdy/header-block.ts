import { constants, createInflate, type Inflate } from 'node:zlib'
import { HEADER_DICTIONARY } from './header-dictionary.ts'

/** Names in lower case. */
export type SpdyHeaders = Readonly<Record<string, string>>

/** What a block may be once it is decompressed: a few short headers are all that clients send. */
const MOST_BYTES = 16 * 1024

/**
 * Reads the headers of a connection's streams. They are one stream of compressed bytes, so every block has to be
 * read, in order.
 */
export class HeaderReader {
  readonly #inflate: Inflate = createInflate({
    dictionary: HEADER_DICTIONARY,
    flush: constants.Z_SYNC_FLUSH,
    finishFlush: constants.Z_SYNC_FLUSH,
  })
  readonly #output: Buffer[] = []
  #size = 0
  #fail: (error: Error) => void = () => {}

  constructor() {
    this.#inflate.on('readable', () => this.#take())
    this.#inflate.on('error', (error) => this.#fail(error))
  }

  /** Rejects for what is no block of headers, or a long one. One call at a time. */
  async read(block: Uint8Array): Promise<SpdyHeaders> {
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject
      this.#inflate.write(block, (error) => (error ? reject(error) : resolve()))
    })
    this.#take()
    this.#size = 0
    return parseHeaders(Buffer.concat(this.#output.splice(0)))
  }

  close(): void {
    this.#inflate.destroy()
  }

  #take(): void {
    for (let bytes = this.#inflate.read(); bytes !== null; bytes = this.#inflate.read()) {
      this.#output.push(bytes as Buffer)
      this.#size += (bytes as Buffer).length
    }
    if (this.#size > MOST_BYTES) this.#inflate.destroy(new Error(`headers of more than ${MOST_BYTES} bytes`))
  }
}

/**
 * A block without any header, for replies: the first of a connection begins the compressed stream. It is stored
 * rather than compressed; readers wait for the empty stored block that a flush leaves behind.
 */
export function emptyHeaderBlock(isFirst: boolean): Buffer {
  const none = Buffer.alloc(4)
  return Buffer.concat([...(isFirst ? [ZLIB_HEADER] : []), storedBlock(none), storedBlock(Buffer.alloc(0))])
}

function storedBlock(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt16LE(bytes.length, 1)
  head.writeUInt16LE(~bytes.length & 0xffff, 3)
  return Buffer.concat([head, bytes])
}

/** Deflate with a window of 32 KiB, and the dictionary by its checksum. */
const ZLIB_HEADER = Buffer.concat([Buffer.of(0x78, 0xbb), adler32(HEADER_DICTIONARY)])

function adler32(bytes: Uint8Array): Buffer {
  let [a, b] = [1, 0]
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(b * 65536 + a)
  return sum
}

function parseHeaders(bytes: Buffer): SpdyHeaders {
  let at = 0
  const number = () => {
    if (at + 4 > bytes.length) throw new Error('a block of headers ends too soon')
    at += 4
    return bytes.readUInt32BE(at - 4)
  }
  const text = () => {
    const length = number()
    if (at + length > bytes.length) throw new Error('a block of headers ends too soon')
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const headers = new Map<string, string>()
  for (let left = number(); left > 0; left--) headers.set(text().toLowerCase(), text())
  return Object.fromEntries(headers)
}
