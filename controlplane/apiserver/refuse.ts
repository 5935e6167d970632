import { ApiError } from '../../shared/api/api-error.ts'
import type { Clock } from '../../shared/clock.ts'
import { uuid } from '../../shared/random.ts'
import type { HttpRequest, HttpResponse } from './http/http-request.ts'
import { ClientGone, destroy } from './http/response-sink.ts'
import { sendStatus } from './http/send-answer.ts'
import type { ApiServerOptions } from './server-options.ts'

/** How long a client may go on sending a body after it was told that nobody wants it. */
const UNWANTED_BODY_TIMEOUT_MS = 10_000

/**
 * Answers what went wrong with a Status. Refusals speak for themselves; anything else is a defect of ours, logged
 * under an id that the client gets to see. A response that has begun is broken off. Never rejects.
 */
export async function refuse(
  options: Pick<ApiServerOptions, 'clock' | 'random' | 'log'>,
  request: HttpRequest,
  response: HttpResponse,
  error: unknown,
): Promise<void> {
  const refusal = asRefusal(options, request, error)
  if (error instanceof ClientGone || response.headersSent) return destroy(response)
  if (!request.complete) passOverBody(options.clock, request, response)
  const exchange = { request, response, clock: options.clock, warnings: [] }
  await sendStatus(exchange, refusal).catch(() => destroy(response))
}

function passOverBody(clock: Clock, request: HttpRequest, response: HttpResponse): void {
  if ('shouldKeepAlive' in response) response.shouldKeepAlive = false
  const timer = clock.after(UNWANTED_BODY_TIMEOUT_MS, () => destroy(response))
  request.once('end', () => timer.cancel()).once('close', () => timer.cancel())
}

function asRefusal(
  { random, log }: Pick<ApiServerOptions, 'random' | 'log'>,
  { method, url }: HttpRequest,
  error: unknown,
): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof ClientGone || isAbort(error)) {
    return new ApiError('ServiceUnavailable', 'the request was ended')
  }
  if (error instanceof URIError) return ApiError.badRequest('the path is not properly encoded')
  const id = uuid(random)
  log.error({ err: error, id, method, path: url?.split('?')[0] }, 'request failed unexpectedly')
  return new ApiError('InternalError', `Internal error occurred: ${id}`)
}

/** What waits for time or data rejects so where the client has gone or the server closes. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
