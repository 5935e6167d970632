import { ApiError } from '../api/api-error.ts'
import type { FlowStream } from './flow-stream.ts'
import { MAX_STREAM_NUMBER } from './frame-shapes.ts'
import type { ControlFrame, DataMessage, StreamFrame, StreamRequest } from './frames.ts'
import type { Stream } from './stream.ts'
import { type StreamLink, StreamMultiplexer } from './stream-multiplexer.ts'

type OpenFrame = Extract<ControlFrame, { type: 'streamOpen' }>

interface Opening {
  stream: FlowStream
  resolve: (stream: Stream) => void
  reject: (error: unknown) => void
}

/** The control plane's side of a connection's streams: asks the agent for them. */
export class StreamOpener {
  readonly #link: StreamLink & { send(frame: OpenFrame): void }
  readonly #streams: StreamMultiplexer
  readonly #opening = new Map<number, Opening>()
  #number = 0

  constructor(link: StreamLink & { send(frame: OpenFrame): void }) {
    this.#link = link
    this.#streams = new StreamMultiplexer(link)
  }

  /** Rejects with the ApiError that the agent refuses with. Aborting `signal` ends the stream on both sides, at any time. */
  open(request: StreamRequest, signal: AbortSignal): Promise<Stream> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (this.#number === MAX_STREAM_NUMBER) {
      return Promise.reject(new ApiError('ServiceUnavailable', 'the connection has used up its stream numbers'))
    }
    const number = ++this.#number
    return new Promise((resolve, reject) => {
      const cancel = () => stream.end(cancelled(signal))
      const stream = this.#streams.add(number, 'opener', () => signal.removeEventListener('abort', cancel))
      signal.addEventListener('abort', cancel, { once: true })
      this.#opening.set(number, { stream, resolve, reject })
      stream.signal.addEventListener('abort', () => this.#settle(number, stream.signal.reason))
      this.#link.send({ type: 'streamOpen', stream: number, request })
    })
  }

  opened(stream: number): void {
    this.#settle(stream)
  }

  receive(frame: StreamFrame): void {
    if (frame.type === 'streamEnd' && !frame.error) this.#settle(frame.stream)
    this.#streams.receive(frame)
  }

  receiveData(message: DataMessage): void {
    this.#settle(message.stream)
    this.#streams.receiveData(message)
  }

  lose(why: string): void {
    this.#streams.lose(why)
  }

  #settle(number: number, refusal?: unknown): void {
    const opening = this.#opening.get(number)
    this.#opening.delete(number)
    if (refusal === undefined) opening?.resolve(opening.stream)
    else opening?.reject(refusal)
  }
}

function cancelled(signal: AbortSignal): ApiError {
  const { reason } = signal
  return reason instanceof ApiError ? reason : new ApiError('Timeout', 'the request was given up')
}
