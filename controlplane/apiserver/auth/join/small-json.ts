import { ApiError } from '../../../../shared/api/api-error.ts'
import type { Clock } from '../../../../shared/clock.ts'
import { MAX_JOIN_BODY_BYTES } from '../../../../shared/protocol/join.ts'
import type { HttpRequest } from '../../http/http-request.ts'

const TIMEOUT_MS = 10_000

/** A JSON body of up to 64 KiB. @throws ApiError 413 for a longer one, 400 for what is no JSON, 504 for a slow one */
export function readSmallJson(request: HttpRequest, clock: Clock): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const timer = clock.after(TIMEOUT_MS, () =>
      reject(new ApiError('Timeout', 'the request body did not arrive in time')),
    )
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_JOIN_BODY_BYTES) {
        chunks.push(chunk)
        return
      }
      request.off('data', take)
      reject(new ApiError('RequestEntityTooLarge', `the request is too large: limit is ${MAX_JOIN_BODY_BYTES}`))
    }
    request.on('data', take)
    request.once('end', () => {
      const value = parse(Buffer.concat(chunks).toString('utf8'))
      if (value === undefined) reject(ApiError.badRequest('the body is not JSON'))
      else resolve(value)
    })
    request.once('close', () => {
      timer.cancel()
      reject(ApiError.badRequest('the request was broken off'))
    })
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
