import type { Kind } from '../../../shared/api/kinds.ts'
import { definitionsOf, typesOf, V3 } from './definitions.ts'
import { type Operation, operationsOf } from './paths.ts'
import { PATCH_TYPES, queryParameterType } from './request-parameters.ts'
import { openApiName } from './type-names.ts'

const BODIES: Readonly<Record<string, readonly string[]>> = {
  post: ['*/*'],
  put: ['*/*'],
  patch: PATCH_TYPES,
}

/** The OpenAPI v3 document of one group and version. */
export function documentV3(kinds: readonly Kind[], version: string): object {
  const used = [...kinds.flatMap(typesOf), 'meta.v1.DeleteOptions', 'meta.v1.Status', ...partTypes(kinds)]
  const paths = new Map<string, Record<string, object>>()
  for (const operation of kinds.flatMap(operationsOf)) {
    paths.set(operation.path, { ...paths.get(operation.path), [operation.method]: describe(operation) })
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { schemas: Object.fromEntries(definitionsOf(used, V3)) },
  }
}

/** Scale, Binding and Eviction, where the kinds have such subresources. */
export function partTypes(kinds: readonly Kind[]): string[] {
  const used = kinds.flatMap(operationsOf).map(({ groupVersionKind: { kind } }) => kind)
  const types = { Binding: 'core.v1.Binding', Eviction: 'policy.v1.Eviction', Scale: 'autoscaling.v1.Scale' }
  return Object.entries(types).flatMap(([kind, type]) => (used.includes(kind) ? [type] : []))
}

function describe(operation: Operation): object {
  const { id, tag, method, action, groupVersionKind, type } = operation
  const schema = type ? { $ref: V3.refPrefix + openApiName(type) } : { type: 'object' }
  const body = BODIES[method]
  const bodySchema = method === 'patch' ? { type: 'object' } : schema
  return {
    tags: [tag],
    operationId: id,
    parameters: [
      ...operation.pathParameters.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...operation.queryParameters.map((name) => ({ name, in: 'query', schema: { type: queryParameterType(name) } })),
    ],
    ...(body
      ? { requestBody: { content: Object.fromEntries(body.map((name) => [name, { schema: bodySchema }])) } }
      : {}),
    responses: { '200': { description: 'OK', content: { 'application/json': { schema } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': groupVersionKind,
  }
}
