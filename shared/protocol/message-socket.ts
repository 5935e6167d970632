/** The part of a WebSocket that both sides use; `ws` provides one, tests join two in memory. */
export interface MessageSocket {
  send(message: string | Uint8Array): void
  /** Bytes handed to `send` and not yet to the network. */
  readonly bufferedBytes: number
  /** Closes politely, and hard a little later. */
  close(code: number, reason: string): void
  onMessage(listener: (message: string | Uint8Array) => void): void
  /** Called once, also when the other side is simply gone. */
  onClose(listener: (code: number, reason: string) => void): void
}
