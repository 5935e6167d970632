import type { Status } from '../../../shared/api/api-error.ts'
import type { TerminalSize } from '../../../shared/protocol/frames.ts'

/** What a client wants of `exec` or `attach`: which of the streams, and whether there is a terminal. */
export interface CommandStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** The client of an `exec` or `attach`, whatever it speaks. */
export interface CommandClient {
  /** Ends when the client closes it; throws when the client goes. */
  readonly stdin: AsyncIterable<Uint8Array>
  readonly sizes: AsyncIterable<TerminalSize>
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
  /** Resolves when the client has room for more; rejects when it has gone. */
  write(output: 'stdout' | 'stderr', data: Uint8Array): Promise<void>
  /** Tells how it ended, and hangs up. */
  finish(status: Status): Promise<void>
}

/** As clients send it: `{"Width":80,"Height":24}`. Undefined for what is no size. */
export function parseTerminalSize(text: string): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(text) as { Width?: unknown; Height?: unknown }
    return isExtent(width) && isExtent(height) ? { width, height } : undefined
  } catch {
    return undefined
  }
}

function isExtent(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0xffff
}
