const HEADER_BYTES = 8
const STDERR = 2

export interface OutputPart {
  from: 'stdout' | 'stderr'
  data: Buffer
}

/**
 * Takes Docker's multiplexed output apart: frames of 8 bytes of header (stream, three zeros, length as big-endian)
 * and that many bytes. Keeps no frame.
 */
export class OutputFrames {
  #header = Buffer.alloc(0)
  #from: OutputPart['from'] = 'stdout'
  #payloadLeft = 0

  /** What the next chunk of the stream, wherever it begins and ends, holds of the outputs. */
  split(chunk: Buffer): OutputPart[] {
    const parts: OutputPart[] = []
    let rest = chunk
    while (rest.length > 0) {
      if (this.#payloadLeft === 0) {
        rest = this.#takeHeader(rest)
      } else {
        const data = rest.subarray(0, this.#payloadLeft)
        this.#payloadLeft -= data.length
        rest = rest.subarray(data.length)
        parts.push({ from: this.#from, data })
      }
    }
    return parts
  }

  #takeHeader(bytes: Buffer): Buffer {
    const missing = HEADER_BYTES - this.#header.length
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)])
    if (this.#header.length === HEADER_BYTES) {
      this.#from = this.#header[0] === STDERR ? 'stderr' : 'stdout'
      this.#payloadLeft = this.#header.readUInt32BE(4)
      this.#header = Buffer.alloc(0)
    }
    return bytes.subarray(missing)
  }
}
