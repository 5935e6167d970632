import { ApiError } from '../../../shared/api/api-error.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { HttpRequest } from './http-request.ts'

/** Upstream's limit for one request. */
const MOST_BODY_BYTES = 3 * 1024 * 1024
const BODY_TIMEOUT_MS = 60_000

/** Reads the whole body. @throws ApiError 413 for more than 3 MiB, 504 where it does not come within a minute */
export function readBody(request: HttpRequest, clock: Clock): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BODY_BYTES) return Promise.reject(tooLarge())
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = (settle: () => void) => {
      timer.cancel()
      request.off('data', take)
      request.off('close', breakOff)
      settle()
    }
    const take = (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > MOST_BODY_BYTES) finish(() => reject(tooLarge()))
    }
    const timer = clock.after(BODY_TIMEOUT_MS, () =>
      finish(() => reject(new ApiError('Timeout', 'the request body did not arrive in time'))),
    )
    request.on('data', take)
    request.once('end', () => finish(() => resolve(Buffer.concat(chunks))))
    const breakOff = () => finish(() => reject(ApiError.badRequest('the request was broken off')))
    // HTTP/1.1 tells of a client that goes away with an error, HTTP/2 without one.
    request.once('error', breakOff)
    request.once('close', breakOff)
  })
}

function tooLarge(): ApiError {
  return new ApiError('RequestEntityTooLarge', `the request is too large: limit is ${MOST_BODY_BYTES}`)
}
