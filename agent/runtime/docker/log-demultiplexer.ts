import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream'

const HEADER_BYTES = 8

/**
 * Takes the payload out of Docker's multiplexed stream: frames of 8 bytes of header (stream, three zeros, length as
 * big-endian) and that many bytes. Both streams come out as one. Honours backpressure, keeps no frame.
 */
export class LogDemultiplexer extends Transform {
  #header = Buffer.alloc(0)
  #payloadLeft = 0

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = chunk
    while (rest.length > 0) rest = this.#payloadLeft > 0 ? this.#takePayload(rest) : this.#takeHeader(rest)
    done()
  }

  #takePayload(bytes: Buffer): Buffer {
    const payload = bytes.subarray(0, this.#payloadLeft)
    this.#payloadLeft -= payload.length
    this.push(payload)
    return bytes.subarray(payload.length)
  }

  #takeHeader(bytes: Buffer): Buffer {
    const missing = HEADER_BYTES - this.#header.length
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)])
    if (this.#header.length === HEADER_BYTES) {
      this.#payloadLeft = this.#header.readUInt32BE(4)
      this.#header = Buffer.alloc(0)
    }
    return bytes.subarray(missing)
  }
}

/** All of a multiplexed stream as text, cut at a limit. Rejects when the stream breaks. */
export async function collectOutput(stream: Readable, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  const output = new LogDemultiplexer()
  pipeline(stream, output, () => undefined)
  for await (const chunk of output as AsyncIterable<Buffer>) {
    if (size < limitBytes) chunks.push(chunk.subarray(0, limitBytes - size))
    size += chunk.length
  }
  return Buffer.concat(chunks).toString('utf8')
}
