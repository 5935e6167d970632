import type { TerminalSize } from './frames.ts'

/**
 * The channels of an `exec` or `attach` stream. To the node: `stdin`, `resize` (each size 4 bytes) and `close`, whose
 * bytes are channels that end. From the node: `stdout`, `stderr`, and at the end `status`, a Status in JSON.
 */
export const COMMAND_CHANNELS = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const

/** The channels of a `portForward` stream. The end of the opener's direction closes that of the connection. */
export const PORT_CHANNELS = { toPod: 0, fromPod: 1 } as const

const SIZE_BYTES = 4

/** Width and height, 16 bits each, big-endian. */
export function encodeTerminalSize({ width, height }: TerminalSize): Uint8Array {
  const bytes = Buffer.alloc(SIZE_BYTES)
  bytes.writeUInt16BE(width)
  bytes.writeUInt16BE(height, 2)
  return bytes
}

/** Reads sizes out of chunks that may end anywhere. */
export class TerminalSizeReader {
  #rest = Buffer.alloc(0)

  /** The sizes that have become complete with this chunk. */
  read(chunk: Uint8Array): TerminalSize[] {
    const bytes = Buffer.concat([this.#rest, chunk])
    const sizes: TerminalSize[] = []
    let at = 0
    for (; at + SIZE_BYTES <= bytes.length; at += SIZE_BYTES) {
      sizes.push({ width: bytes.readUInt16BE(at), height: bytes.readUInt16BE(at + 2) })
    }
    this.#rest = bytes.subarray(at)
    return sizes
  }
}
