import { ApiError } from '../api/api-error.ts'
import type { FlowStream } from './flow-stream.ts'
import type { AgentFrame, DataMessage, StreamFrame, StreamRequest } from './frames.ts'
import type { StreamServer } from './stream.ts'
import { type StreamLink, StreamMultiplexer } from './stream-multiplexer.ts'

/** Each may hold a buffer, a container's log or a process: a bound keeps a mistaken client from taking the node down. */
const MAX_STREAMS = 1000

type OpenedFrame = Extract<AgentFrame, { type: 'streamOpened' }>

/** The agent's side of a connection's streams: hands those that are asked for to the StreamServer. */
export class StreamAcceptor {
  readonly #link: StreamLink & { send(frame: OpenedFrame): void }
  readonly #streams: StreamMultiplexer
  readonly #server: StreamServer

  constructor(link: StreamLink & { send(frame: OpenedFrame): void }, server: StreamServer) {
    this.#link = link
    this.#streams = new StreamMultiplexer(link)
    this.#server = server
  }

  accept(number: number, request: StreamRequest): void {
    if (this.#streams.has(number)) {
      this.#link.refuse(`stream ${number} is open already`)
      return
    }
    const full = this.#streams.size >= MAX_STREAMS
    const stream = this.#streams.add(number, 'server')
    if (full) stream.end(new ApiError('TooManyRequests', `the node serves ${MAX_STREAMS} streams already`))
    else void this.#serve(number, request, stream)
  }

  receive(frame: StreamFrame): void {
    this.#streams.receive(frame)
  }

  receiveData(message: DataMessage): void {
    this.#streams.receiveData(message)
  }

  lose(why: string): void {
    this.#streams.lose(why)
  }

  async #serve(number: number, request: StreamRequest, stream: FlowStream): Promise<void> {
    try {
      await this.#server.serve(request, stream)
      if (this.#streams.has(number)) this.#link.send({ type: 'streamOpened', stream: number })
    } catch (error) {
      stream.end(error)
    }
  }
}
