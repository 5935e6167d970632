import { ApiError } from '../api/api-error.ts'
import type { Status } from '../api/generated/meta-v1.ts'
import { messageOf } from '../error-message.ts'
import { INITIAL_STREAM_CREDIT } from './frames.ts'
import { InputQueue } from './input-queue.ts'
import type { Stream } from './stream.ts'

/** Longer writes are cut, so that a heartbeat never waits long behind them. */
const MAX_CHUNK_BYTES = 32 * 1024
/** Credit is given back in portions of this size, not for every chunk. Less than the initial credit, or all would stall. */
const CREDIT_PORTION_BYTES = INITIAL_STREAM_CREDIT / 4

/** The opener's end closes its own direction only (the end of stdin); the server's end is the end of the whole stream. */
export type StreamRole = 'opener' | 'server'

/** The connection, as one stream uses it. */
export interface StreamPort {
  data(channel: number, data: Uint8Array): void
  credit(bytes: number): void
  end(error: Status | undefined): void
  /** The stream is over on this side; its number means nothing any more. */
  release(): void
}

interface PendingWrite {
  channel: number
  rest: Uint8Array
  resolve: () => void
  reject: (error: unknown) => void
}

/** One end of a stream with credit-based flow control: never more under way, or kept unread, than the initial credit. */
export class FlowStream implements Stream {
  readonly #role: StreamRole
  readonly #port: StreamPort
  readonly #abort = new AbortController()
  readonly #input: InputQueue<{ channel: number; data: Uint8Array }>
  #writes: PendingWrite[] = []
  #credit = INITIAL_STREAM_CREDIT
  #unread = 0
  #owedCredit = 0
  #writing: 'open' | 'ending' | 'ended' = 'open'
  #over = false

  constructor(role: StreamRole, port: StreamPort) {
    this.#role = role
    this.#port = port
    this.#input = new InputQueue({ taken: (chunk) => this.#take(chunk.data.byteLength), left: () => this.#leave() })
  }

  get input(): AsyncIterable<{ channel: number; data: Uint8Array }> {
    return this.#input
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  write(channel: number, data: Uint8Array): Promise<void> {
    if (this.#writing !== 'open') return Promise.reject(streamOver())
    if (data.byteLength === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#writes.push({ channel, rest: data, resolve, reject })
      this.#pump()
    })
  }

  end(error?: unknown): void {
    if (this.#over) return
    if (error !== undefined) {
      const failure = asApiError(error)
      this.#port.end(failure.toStatus())
      this.#close(failure)
    } else if (this.#writing === 'open') {
      this.#writing = 'ending'
      this.#pump()
    }
  }

  /** The other side's data has come. Returns false where it sent more than it had credit for. */
  receive(channel: number, data: Uint8Array): boolean {
    if (this.#over) return true
    this.#unread += data.byteLength
    this.#input.push({ channel, data })
    return this.#unread <= INITIAL_STREAM_CREDIT
  }

  receiveCredit(bytes: number): void {
    this.#credit += bytes
    this.#pump()
  }

  receiveEnd(error: Status | undefined): void {
    if (error) {
      this.#close(ApiError.fromStatus(error))
    } else {
      this.#input.finish()
      if (this.#role === 'opener') this.#close(streamOver())
    }
  }

  /** The connection is gone. */
  lose(error: ApiError): void {
    this.#close(error)
  }

  #pump(): void {
    for (let write = this.#writes[0]; write && this.#credit > 0; write = this.#writes[0]) {
      const part = write.rest.subarray(0, Math.min(this.#credit, MAX_CHUNK_BYTES))
      write.rest = write.rest.subarray(part.byteLength)
      this.#credit -= part.byteLength
      this.#port.data(write.channel, part)
      if (write.rest.byteLength === 0) this.#writes.shift()?.resolve()
    }
    if (this.#writing === 'ending' && this.#writes.length === 0) this.#sendEnd()
  }

  #sendEnd(): void {
    this.#writing = 'ended'
    this.#port.end(undefined)
    if (this.#role === 'opener') return
    this.#input.finish()
    this.#close(streamOver())
  }

  #take(bytes: number): void {
    this.#unread -= bytes
    this.#owedCredit += bytes
    if (this.#over || this.#owedCredit < CREDIT_PORTION_BYTES) return
    this.#port.credit(this.#owedCredit)
    this.#owedCredit = 0
  }

  /** The reader has gone away: an opener wants no more of it; a server still has its own to say. */
  #leave(): void {
    if (this.#role === 'opener') this.end(new ApiError('BadRequest', 'the reader has left'))
  }

  #close(reason: ApiError): void {
    if (this.#over) return
    this.#over = true
    this.#writing = 'ended'
    this.#input.fail(reason)
    for (const write of this.#writes.splice(0)) write.reject(reason)
    this.#port.release()
    this.#abort.abort(reason)
  }
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError('InternalError', messageOf(error))
}

function streamOver(): ApiError {
  return new ApiError('ServiceUnavailable', 'the stream has ended')
}
