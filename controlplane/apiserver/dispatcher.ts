import { ApiError } from '../../shared/api/api-error.ts'
import type { Call } from './call.ts'
import { credentialsOf } from './credentials.ts'
import type { HttpRequest, HttpResponse } from './http/http-request.ts'
import type { RefusalLog } from './refusal-log.ts'
import { refuse } from './refuse.ts'
import { Query } from './request/query.ts'
import { parseApiPath } from './request/resource-path.ts'
import { createDocumentServer } from './serve-document.ts'
import { serveResource } from './serve-resource.ts'
import type { ApiServerOptions } from './server-options.ts'

/** Answers requests, whatever they are; never rejects. */
export type Dispatcher = (request: HttpRequest, response: HttpResponse) => Promise<void>

/** `closing` aborts when the server closes: streams end then. */
export function createDispatcher(options: ApiServerOptions, refusals: RefusalLog, closing: AbortSignal): Dispatcher {
  const serveDocument = createDocumentServer(options)
  const endOf = responseEnds(closing)

  async function serve(request: HttpRequest, response: HttpResponse): Promise<void> {
    const { pathname, searchParams } = parseUrl(request)
    const method = request.method ?? 'GET'
    const extra = options.extraRoutes?.find((route) => route.path === pathname && route.method === method)
    if (extra) return extra.handle(request, response)
    const identity = await options.authenticator.authenticate(credentialsOf(request))
    if (!identity) throw new ApiError('Unauthorized', 'Unauthorized')
    const call: Call = {
      request,
      response,
      clock: options.clock,
      warnings: [],
      identity,
      method,
      path: pathname,
      query: new Query(searchParams),
      signal: endOf(response),
    }
    const api = parseApiPath(pathname)
    await (api.type === 'resource' ? serveResource(options, call, api.target) : serveDocument(call))
  }

  return async (request, response) => {
    // Clients that go away are noticed where their requests are read and written.
    request.on('error', () => {})
    response.on('error', () => {})
    try {
      await serve(request, response)
    } catch (error) {
      refusals.note(request, error)
      await refuse(options, request, response, error)
    }
  }
}

function parseUrl(request: HttpRequest): URL {
  try {
    return new URL(request.url ?? '/', 'https://localhost')
  } catch {
    throw ApiError.badRequest('the request has no proper address')
  }
}

/** Reasons are made once: making one for each response takes its time. */
const CLIENT_GONE = new Error('the client has gone')

/** Signals that abort when a response is over or the server closes. `AbortSignal.any` takes ten times as long. */
function responseEnds(closing: AbortSignal): (response: HttpResponse) => AbortSignal {
  const open = new Set<AbortController>()
  closing.addEventListener('abort', () => {
    for (const end of open) end.abort(closing.reason)
  })
  return (response) => {
    const end = new AbortController()
    open.add(end)
    response.once('close', () => {
      open.delete(end)
      end.abort(CLIENT_GONE)
    })
    if (closing.aborted) end.abort(closing.reason)
    return end.signal
  }
}
