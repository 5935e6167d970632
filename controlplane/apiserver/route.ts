import { ApiError } from '../../shared/api/api-error.ts'
import { findKind, type Kind, PODS } from '../../shared/api/kinds.ts'
import { absentHandler, findAbsentKind } from './absent/absent-route.ts'
import type { ApiVerb, Handler } from './handler.ts'
import { findMetricsKind, metricsHandler } from './metrics/metrics-route.ts'
import type { Query } from './request/query.ts'
import type { ResourceTarget } from './request/resource-path.ts'
import { createBinding } from './subresources/binding.ts'
import { isNotImplemented, subresourcesOf } from './subresources/index.ts'
import type { Connect } from './subresources/subresource.ts'
import { resourceVerbs, VERBS } from './verbs/index.ts'

/** Who serves a request for a resource. */
export interface Route {
  readonly kind: Kind
  readonly handler: Handler
  /** Where connections can be upgraded. */
  readonly connect?: Connect
}

/**
 * What a method asks of an address, in Kubernetes' terms: for the question whether it is allowed, which comes before
 * the one whether there is such a thing. Undefined for a method that never means anything.
 */
export function verbOf(method: string, { name, subresource }: ResourceTarget, query: Query): ApiVerb | undefined {
  const isOnCollection = name === undefined
  switch (method) {
    case 'GET':
      if (!isOnCollection) return 'get'
      return query.flag('watch') ? 'watch' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return isOnCollection && !subresource ? 'deletecollection' : 'delete'
    default:
      return undefined
  }
}

/** @throws ApiError 404 where the API has no such resource, 405 where it cannot be asked for that, 501 where not yet */
export function routeOf(verb: ApiVerb | undefined, target: ResourceTarget): Route {
  if (isBindings(target)) return { kind: PODS, handler: onlyIf(verb === 'create', createBinding) }
  const metrics = findMetricsKind(target)
  if (metrics) return metricsRoute(metrics, verb, target)
  const absent = findAbsentKind(target)
  if (absent) return { kind: absent, handler: absentHandler(absent, verb, target) }
  const kind = findKind(target.group, target.version, target.plural)
  if (!kind || !fitsScope(kind, target)) throw noSuchResource()
  if (target.subresource) return { kind, ...partRoute(kind, verb, target) }
  return { kind, handler: wholeHandler(kind, verb, target) }
}

function metricsRoute(kind: Kind, verb: ApiVerb | undefined, target: ResourceTarget): Route {
  if (!fitsScope(kind, target)) throw noSuchResource()
  const handler = metricsHandler(kind, verb)
  if (!handler) throw wrongMethod()
  return { kind, handler }
}

export function noSuchResource(): ApiError {
  return new ApiError('NotFound', 'the server could not find the requested resource', {})
}

export function wrongMethod(): ApiError {
  return new ApiError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}

function isBindings({ group, version, plural, name, namespace }: ResourceTarget): boolean {
  return group === '' && version === 'v1' && plural === 'bindings' && name === undefined && namespace !== undefined
}

/** Only lists may reach over all namespaces; a kind without namespaces is never inside one. */
function fitsScope(kind: Kind, { namespace, name }: ResourceTarget): boolean {
  return kind.namespaced ? namespace !== undefined || name === undefined : namespace === undefined
}

const COLLECTION_VERBS: readonly ApiVerb[] = ['list', 'watch', 'create', 'deletecollection']

function wholeHandler(kind: Kind, verb: ApiVerb | undefined, { name, namespace }: ResourceTarget): Handler {
  if (!verb || !resourceVerbs(kind).includes(verb)) throw wrongMethod()
  const isOnCollection = COLLECTION_VERBS.includes(verb)
  const isEverywhere = kind.namespaced && namespace === undefined
  const fits = isOnCollection === (name === undefined) && (!isEverywhere || verb === 'list' || verb === 'watch')
  return onlyIf(fits, VERBS[verb])
}

function partRoute(
  kind: Kind,
  verb: ApiVerb | undefined,
  { subresource, name }: ResourceTarget,
): Pick<Route, 'handler' | 'connect'> {
  if (isNotImplemented(kind, subresource)) {
    throw new ApiError('NotImplemented', `${kind.plural}/${subresource} is not implemented yet`, {
      ...(name === undefined ? {} : { name }),
      kind: kind.plural,
    })
  }
  const part = subresourcesOf(kind).find((candidate) => candidate.name === subresource)
  if (!part) throw noSuchResource()
  const handler = verb && part.handlers[verb]
  if (!handler) throw wrongMethod()
  return { handler, ...(part.connect ? { connect: part.connect } : {}) }
}

function onlyIf(condition: boolean, handler: Handler): Handler {
  if (!condition) throw wrongMethod()
  return handler
}
