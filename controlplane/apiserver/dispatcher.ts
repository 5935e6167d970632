import { ApiError } from '../../shared/api/api-error.ts'
import { uuid } from '../../shared/random.ts'
import { checkAccess } from './access.ts'
import type { Identity, ResourceAttributes, Verb } from './auth/identity.ts'
import { credentialsOf } from './credentials.ts'
import { createDiscovery } from './discovery/discovery.ts'
import { healthAnswer } from './health.ts'
import type { Answer } from './http/answer.ts'
import { readBody } from './http/body.ts'
import { type HttpRequest, type HttpResponse, headerOf } from './http/http-request.ts'
import { ClientGone, destroy } from './http/response-sink.ts'
import { type Exchange, sendAnswer, sendDocument, sendStatus, sendValue } from './http/send-answer.ts'
import { createOpenApi } from './openapi/openapi.ts'
import { readRendering } from './output/rendering.ts'
import { negotiate } from './output/representation.ts'
import { Query } from './request/query.ts'
import { parseApiPath, type ResourceTarget } from './request/resource-path.ts'
import type { ResourceRequest } from './request/resource-request.ts'
import { noSuchResource, routeOf, verbOf, wrongMethod } from './route.ts'
import type { ApiServerOptions } from './server-options.ts'

/** Answers requests, whatever they are; never rejects. */
export type Dispatcher = (request: HttpRequest, response: HttpResponse) => Promise<void>

/** How long a client may go on sending a body after it was told that nobody wants it. */
const UNWANTED_BODY_TIMEOUT_MS = 10_000

/** Everything about one request but its resource. */
interface Call extends Exchange {
  readonly identity: Identity
  readonly method: string
  readonly path: string
  readonly query: Query
  readonly signal: AbortSignal
  readonly warnings: string[]
}

/** `closing` aborts when the server closes: streams end then. */
export function createDispatcher(options: ApiServerOptions, closing: AbortSignal): Dispatcher {
  const { authenticator, authorizer, clock, log, random } = options
  const discovery = createDiscovery(options.serverAddress ?? '')
  const openApi = createOpenApi(options.version.gitVersion)

  async function serve(request: HttpRequest, response: HttpResponse): Promise<void> {
    const { pathname, searchParams } = parseUrl(request)
    const method = request.method ?? 'GET'
    const extra = options.extraRoutes?.find((route) => route.path === pathname && route.method === method)
    if (extra) return extra.handle(request, response)
    const identity = await authenticator.authenticate(credentialsOf(request))
    if (!identity) throw new ApiError('Unauthorized', 'Unauthorized')
    const signal = AbortSignal.any([closing, closedSignal(response)])
    const query = new Query(searchParams)
    const call: Call = { request, response, clock, warnings: [], identity, method, path: pathname, query, signal }
    const api = parseApiPath(pathname)
    return api.type === 'resource' ? serveResource(call, api.target) : serveOther(call)
  }

  async function serveResource(call: Call, target: ResourceTarget): Promise<void> {
    const { method, query, request } = call
    const verb = verbOf(method, target, query)
    const attributes = attributesOf(verb ?? (method.toLowerCase() as Verb), target, query)
    await checkAccess(authorizer, call.identity, attributes)
    const { kind, handler } = routeOf(verb, target)
    const rendering = readRendering(kind, headerOf(request, 'accept'), query, clock.now())
    const resourceRequest: ResourceRequest = {
      kind,
      target,
      query,
      identity: call.identity,
      userAgent: headerOf(request, 'user-agent') ?? '',
      signal: call.signal,
      body: async () => ({ bytes: await readBody(request, clock), contentType: headerOf(request, 'content-type') }),
      warn: (message) => call.warnings.push(message),
      authorizeWrite: (object, current, as) =>
        checkAccess(authorizer, call.identity, {
          ...attributes,
          object: object as Record<string, unknown>,
          ...(current ? { current: current as Record<string, unknown> } : {}),
          ...as,
        }),
    }
    await sendAnswer(call, await handler(resourceRequest, options), rendering)
  }

  async function serveOther(call: Call): Promise<void> {
    const { method, path, identity, query } = call
    await checkAccess(authorizer, identity, { verb: method.toLowerCase() as Verb, nonResourcePath: path })
    const accept = headerOf(call.request, 'accept')
    const answer = await otherAnswer(path.length > 1 ? path.replace(/\/$/, '') : path, query, accept)
    if (!answer) throw noSuchResource()
    if (method !== 'GET' && method !== 'HEAD') throw wrongMethod()
    if (answer.type === 'document') return sendDocument(call, answer.document)
    if (answer.type !== 'value') throw noSuchResource()
    return sendValue(call, answer.code, answer.value, { representation: negotiate(accept), isPretty: true })
  }

  async function otherAnswer(path: string, query: Query, accept: string | undefined): Promise<Answer | undefined> {
    if (path === '/version') return { type: 'value', code: 200, value: options.version }
    const document = discovery.find(path, accept) ?? openApi.find(path, accept)
    if (document) return { type: 'document', document }
    return healthAnswer(path, query, options.healthChecks ?? [])
  }

  /**
   * Refusals are answered; anything else is a defect of ours, logged under an id that the client gets to see. What is
   * left of the request's body is passed over.
   */
  async function refuse(request: HttpRequest, response: HttpResponse, error: unknown): Promise<void> {
    const refusal = error instanceof ApiError ? error : report(request, error)
    if (error instanceof ClientGone || response.headersSent) return destroy(response)
    if (!request.complete) passOverBody(request, response)
    await sendStatus({ request, response, clock, warnings: [] }, refusal).catch(() => destroy(response))
  }

  function passOverBody(request: HttpRequest, response: HttpResponse): void {
    if ('shouldKeepAlive' in response) response.shouldKeepAlive = false
    const timer = clock.after(UNWANTED_BODY_TIMEOUT_MS, () => destroy(response))
    request.once('end', () => timer.cancel()).once('close', () => timer.cancel())
  }

  function report({ method, url }: HttpRequest, error: unknown): ApiError {
    if (error instanceof ClientGone || isAbort(error))
      return new ApiError('ServiceUnavailable', 'the request was ended')
    if (error instanceof URIError) return ApiError.badRequest('the path is not properly encoded')
    const id = uuid(random)
    log.error({ err: error, id, method, path: url?.split('?')[0] }, 'request failed unexpectedly')
    return new ApiError('InternalError', `Internal error occurred: ${id}`)
  }

  return async (request, response) => {
    request.on('error', () => {})
    response.on('error', () => {})
    try {
      await serve(request, response)
    } catch (error) {
      await refuse(request, response, error)
    }
  }
}

/** What waits for time or data rejects so where the client has gone or the server closes. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

function parseUrl(request: HttpRequest): URL {
  try {
    return new URL(request.url ?? '/', 'https://localhost')
  } catch {
    throw ApiError.badRequest('the request has no proper address')
  }
}

function closedSignal(response: HttpResponse): AbortSignal {
  const closed = new AbortController()
  response.once('close', () => closed.abort())
  return closed.signal
}

function attributesOf(verb: Verb, target: ResourceTarget, query: Query): ResourceAttributes {
  const { group, version, plural, subresource, namespace, name } = target
  const labelSelector = query.text('labelSelector')
  const fieldSelector = query.text('fieldSelector')
  return {
    verb,
    group,
    version,
    resource: plural,
    subresource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  }
}
