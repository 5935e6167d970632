import { ApiError } from '../api/api-error.ts'
import { FlowStream, type StreamRole } from './flow-stream.ts'
import type { DataMessage, StreamFrame } from './frames.ts'

/** The connection, as its streams use it. A FrameSocket is one. */
export interface StreamLink {
  send(frame: StreamFrame): void
  sendData(message: DataMessage): void
  /** Ends the connection with a peer that does not keep to the protocol. */
  refuse(reason: string): void
}

/** The streams of one connection by number. StreamOpener and StreamAcceptor begin them; here they run and end. */
export class StreamMultiplexer {
  readonly #link: StreamLink
  readonly #streams = new Map<number, FlowStream>()

  constructor(link: StreamLink) {
    this.#link = link
  }

  get size(): number {
    return this.#streams.size
  }

  has(stream: number): boolean {
    return this.#streams.has(stream)
  }

  /** `onRelease` is called when the stream is over on this side. */
  add(stream: number, role: StreamRole, onRelease: () => void = () => {}): FlowStream {
    const added = new FlowStream(role, {
      data: (channel, data) => this.#link.sendData({ stream, channel, data }),
      credit: (bytes) => this.#link.send({ type: 'streamCredit', stream, bytes }),
      end: (error) => this.#link.send({ type: 'streamEnd', stream, ...(error ? { error } : {}) }),
      release: () => {
        this.#streams.delete(stream)
        onRelease()
      },
    })
    this.#streams.set(stream, added)
    return added
  }

  /** A frame for a stream that is over here was under way when it ended: it is let go. */
  receive(frame: StreamFrame): void {
    const stream = this.#streams.get(frame.stream)
    switch (frame.type) {
      case 'streamCredit':
        stream?.receiveCredit(frame.bytes)
        break
      case 'streamEnd':
        stream?.receiveEnd(frame.error)
        break
    }
  }

  receiveData({ stream, channel, data }: DataMessage): void {
    const within = this.#streams.get(stream)?.receive(channel, data) ?? true
    if (!within) this.#link.refuse(`stream ${stream} sent more than it had credit for`)
  }

  /** The connection is gone, and all streams with it. */
  lose(why: string): void {
    const error = new ApiError('ServiceUnavailable', why)
    for (const stream of [...this.#streams.values()]) stream.lose(error)
  }
}
