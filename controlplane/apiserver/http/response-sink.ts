import type { Clock } from '../../../shared/clock.ts'
import type { Sink } from './answer.ts'
import type { HttpResponse } from './http-request.ts'

/** How long a client may take to make room before its response is ended. */
const STALL_TIMEOUT_MS = 30_000

/** Thrown by a sink whose client has gone, or was sent away because it does not read. */
export class ClientGone extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'ClientGone'
  }
}

/** Writes a response no faster than its client reads. */
export class ResponseSink implements Sink {
  readonly #response: HttpResponse
  readonly #clock: Clock

  constructor(response: HttpResponse, clock: Clock) {
    this.#response = response
    this.#clock = clock
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    const response = this.#response
    if (response.destroyed || response.writableEnded) throw new ClientGone('the client has gone')
    // The two protocols' types differ in how they overload `write`, not in what it does.
    const isRoomLeft = (response.write as (chunk: Uint8Array | string) => boolean).call(response, bytes)
    if (!isRoomLeft) await this.#drained()
  }

  #drained(): Promise<void> {
    const response = this.#response
    return new Promise((resolve, reject) => {
      const finish = (error?: ClientGone) => {
        timer.cancel()
        response.off('drain', onDrain)
        response.off('close', onClose)
        if (error) reject(error)
        else resolve()
      }
      const onDrain = () => finish()
      const onClose = () => finish(new ClientGone('the client has gone'))
      const timer = this.#clock.after(STALL_TIMEOUT_MS, () => {
        finish(new ClientGone('the client does not read'))
        destroy(response)
      })
      response.once('drain', onDrain)
      response.once('close', onClose)
    })
  }
}

/** Breaks a response off, so that its client cannot take it for complete. */
export function destroy(response: HttpResponse): void {
  if ('stream' in response && response.stream) response.stream.close(NGHTTP2_INTERNAL_ERROR)
  else response.destroy()
}

const NGHTTP2_INTERNAL_ERROR = 2
