import type { Logger } from '../log.ts'
import type { Decode } from './codec.ts'
import { encodeData, encodeFrame } from './codec.ts'
import { type AgentFrame, CLOSE_CODES, type ControlFrame, type DataMessage } from './frames.ts'
import type { MessageSocket } from './message-socket.ts'

/** A WebSocket's close frame holds at most 123 bytes of reason. */
const MAX_REASON_BYTES = 123

type AnyFrame = AgentFrame | ControlFrame

/** A socket that speaks in frames. What cannot be understood closes it with `badFrame`; nothing is delivered after that. */
export class FrameSocket<Received extends AnyFrame, Sent extends AnyFrame> {
  readonly #socket: MessageSocket
  readonly #decode: Decode<Received>
  readonly #log: Logger
  #open = true

  constructor(socket: MessageSocket, decode: Decode<Received>, log: Logger) {
    this.#socket = socket
    this.#decode = decode
    this.#log = log
    socket.onClose(() => {
      this.#open = false
    })
  }

  get open(): boolean {
    return this.#open
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes
  }

  /** Does nothing once the socket is closed. */
  send(frame: Sent): void {
    if (this.#open) this.#socket.send(encodeFrame(frame))
  }

  /** A frame that `encodeFrame` made of a `Sent`: for what goes to many. */
  sendEncoded(frame: string): void {
    if (this.#open) this.#socket.send(frame)
  }

  sendData(message: DataMessage): void {
    if (this.#open) this.#socket.send(encodeData(message))
  }

  /** What arrives before a listener is set is lost: set it in the turn in which the socket was made. */
  onFrame(listeners: { frame: (frame: Received) => void; data: (message: DataMessage) => void }): void {
    this.#socket.onMessage((message) => {
      if (!this.#open) return
      const decoded = this.#decode(message)
      if (!decoded.ok) this.refuse(decoded.reason)
      else if (decoded.kind === 'data') listeners.data(decoded.data)
      else listeners.frame(decoded.frame)
    })
  }

  onClose(listener: (code: number, reason: string) => void): void {
    this.#socket.onClose(listener)
  }

  /** Ends the connection with a peer that does not keep to the protocol. */
  refuse(reason: string): void {
    this.#log.warn({ reason }, 'bad frame, connection closed')
    this.close(CLOSE_CODES.badFrame, reason)
  }

  close(code: number, reason: string): void {
    if (!this.#open) return
    this.#open = false
    this.#socket.close(code, shorten(reason))
  }
}

function shorten(reason: string): string {
  const bytes = Buffer.from(reason)
  return bytes.length <= MAX_REASON_BYTES
    ? reason
    : bytes
        .subarray(0, MAX_REASON_BYTES - 3)
        .toString()
        .replace(/\uFFFD+$/, '')
}
