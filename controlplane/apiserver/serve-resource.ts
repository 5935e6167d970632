import { apiVersionOf } from '../../shared/api/kinds.ts'
import { checkAccess } from './access.ts'
import type { ResourceAttributes, Verb } from './auth/identity.ts'
import type { Call } from './call.ts'
import { readBody } from './http/body.ts'
import { headerOf } from './http/http-request.ts'
import { sendAnswer } from './http/send-answer.ts'
import { readRendering } from './output/rendering.ts'
import type { Query } from './request/query.ts'
import type { ResourceTarget } from './request/resource-path.ts'
import type { ResourceRequest } from './request/resource-request.ts'
import { type Route, routeOf, verbOf } from './route.ts'
import type { ApiServerOptions } from './server-options.ts'

/**
 * Serves a request for a resource of the API. Whether it is allowed is asked first: who may not ask does not learn
 * what there is.
 */
export async function serveResource(options: ApiServerOptions, call: Call, target: ResourceTarget): Promise<void> {
  const { method, query, request, identity } = call
  const verb = verbOf(method, target, query)
  const attributes = attributesOf(verb ?? (method.toLowerCase() as Verb), target, query)
  await checkAccess(options.authorizer, identity, attributes)
  const route = routeOf(verb, target)
  const { kind } = route
  if (kind.deprecated) call.warnings.push(`${apiVersionOf(kind)} ${kind.kind} is deprecated ${kind.deprecated}`)
  const rendering = readRendering(kind, headerOf(request, 'accept'), query, options.clock.now())
  const answer = await route.handler(resourceRequest(options, call, target, route, attributes), options)
  await sendAnswer(call, answer, rendering)
}

function resourceRequest(
  { authorizer, clock }: ApiServerOptions,
  { request, query, identity, signal, warnings }: Call,
  target: ResourceTarget,
  { kind }: Route,
  attributes: ResourceAttributes,
): ResourceRequest {
  return {
    kind,
    target,
    query,
    identity,
    userAgent: headerOf(request, 'user-agent') ?? '',
    signal,
    body: async () => ({ bytes: await readBody(request, clock), contentType: headerOf(request, 'content-type') }),
    warn: (message) => warnings.push(message),
    authorizeWrite: (object, current) =>
      checkAccess(authorizer, identity, {
        ...attributes,
        object: object as Record<string, unknown>,
        ...(current ? { current: current as Record<string, unknown> } : {}),
      }),
  }
}

function attributesOf(verb: Verb, target: ResourceTarget, query: Query): ResourceAttributes {
  const { plural: resource, ...where } = target
  const labelSelector = query.text('labelSelector')
  const fieldSelector = query.text('fieldSelector')
  return {
    verb,
    resource,
    ...where,
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  }
}
