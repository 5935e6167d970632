import type { Stream } from '../../../shared/protocol/stream.ts'

/** Whose ports are forwarded. */
export interface PortForwardTarget {
  /** Opens a connection. */
  open(port: number, signal: AbortSignal): Promise<Stream>
  /** What the user is told of a connection that failed. */
  failure(port: number, why: string): string
}

/** The client's side of one connection to a port, whatever it speaks. */
export interface PortClient {
  readonly port: number
  /** Ends when the client has sent all; throws when it goes. */
  readonly input: AsyncIterable<Uint8Array>
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
  /** Resolves when the client has room for more; rejects when it has gone. */
  write(data: Uint8Array): Promise<void>
  /** Tells why there is no connection, or not any more. */
  fail(message: string): Promise<void>
  /** The Pod has sent all. */
  end(): Promise<void>
}
