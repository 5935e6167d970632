import type { Kind } from '../../../shared/api/kinds.ts'
import { definitionsOf, type OpenApiSchema, typesOf, V2 } from './definitions.ts'
import { partTypes } from './document-v3.ts'
import { type Operation, operationsOf } from './paths.ts'
import { PATCH_TYPES, queryParameterType } from './request-parameters.ts'

/** An OpenAPI v2 document, as far as we use it. */
export interface DocumentV2 {
  readonly swagger: '2.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationV2>>>>
  readonly definitions: Readonly<Record<string, OpenApiSchema>>
}

export interface OperationV2 {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly consumes: readonly string[]
  readonly produces: readonly string[]
  readonly parameters: readonly ParameterV2[]
  readonly responses: Readonly<Record<string, { readonly description: string }>>
  readonly [extension: `x-${string}`]: unknown
}

export interface ParameterV2 {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly type: string
}

/** One document for all groups, which kubectl before 1.29 reads. */
export function documentV2(kinds: readonly Kind[], version: string): DocumentV2 {
  const types = [...kinds.flatMap(typesOf), 'meta.v1.DeleteOptions', 'meta.v1.Status', ...partTypes(kinds)]
  const paths = new Map<string, Record<string, OperationV2>>()
  for (const operation of kinds.flatMap(operationsOf)) {
    paths.set(operation.path, { ...paths.get(operation.path), [operation.method]: describe(operation) })
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1))),
    definitions: Object.fromEntries(definitionsOf(types, V2)),
  }
}

function describe(operation: Operation): OperationV2 {
  const { id, tag, method, action, groupVersionKind } = operation
  const parameter = (name: string, place: ParameterV2['in'], type: string): ParameterV2 => {
    return { name, in: place, required: place === 'path', type }
  }
  return {
    operationId: id,
    tags: [tag],
    consumes: method === 'patch' ? PATCH_TYPES : ['*/*'],
    produces: ['application/json', 'application/yaml'],
    parameters: [
      ...operation.pathParameters.map((name) => parameter(name, 'path', 'string')),
      ...operation.queryParameters.map((name) => parameter(name, 'query', queryParameterType(name))),
    ],
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': groupVersionKind,
  }
}
