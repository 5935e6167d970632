import { apiVersionOf, type Kind } from '../../../shared/api/kinds.ts'
import { type GroupVersionKind, gvkOf } from '../discovery/resources.ts'
import type { ApiVerb } from '../handler.ts'
import { METRICS_KINDS } from '../metrics/metrics-kinds.ts'
import { METRICS_VERBS } from '../metrics/metrics-route.ts'
import { subresourcesOf } from '../subresources/index.ts'
import { resourceVerbs } from '../verbs/index.ts'

/** One operation of the API, before it is put into either version of OpenAPI. */
export interface Operation {
  readonly path: string
  readonly method: 'get' | 'put' | 'post' | 'delete' | 'patch'
  readonly id: string
  /** `x-kubernetes-action`. */
  readonly action: string
  readonly groupVersionKind: GroupVersionKind
  readonly pathParameters: readonly string[]
  readonly queryParameters: readonly string[]
  /** In the schema file; where the kind itself is read and written. */
  readonly type: string | undefined
  readonly tag: string
}

const METHODS: Readonly<Record<Exclude<ApiVerb, 'watch'>, Operation['method']>> = {
  get: 'get',
  list: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
}
const ACTIONS: Readonly<Record<string, string>> = { create: 'post', update: 'put' }
const ON_COLLECTION: readonly ApiVerb[] = ['list', 'create', 'deletecollection']

const WRITE = ['dryRun', 'fieldManager', 'fieldValidation']
const SELECT = ['continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'resourceVersionMatch']
const WATCH = ['allowWatchBookmarks', 'sendInitialEvents', 'timeoutSeconds', 'watch']
const DELETE = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy']

const QUERY_PARAMETERS: Readonly<Record<ApiVerb, readonly string[]>> = {
  get: [],
  list: [...SELECT, ...WATCH],
  watch: [...SELECT, ...WATCH],
  create: WRITE,
  update: WRITE,
  patch: [...WRITE, 'force'],
  delete: DELETE,
  deletecollection: [...DELETE, ...SELECT],
}

/** Every operation on a kind and its subresources. */
export function operationsOf(kind: Kind): Operation[] {
  const root = kind.group ? `/apis/${apiVersionOf(kind)}` : `/api/${kind.version}`
  const collection = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : `${root}/${kind.plural}`
  const parameters = kind.namespaced ? ['namespace'] : []
  const isMetrics = METRICS_KINDS.includes(kind)
  const ofKind = (isMetrics ? METRICS_VERBS : resourceVerbs(kind)).map((verb) => {
    const isOnCollection = ON_COLLECTION.includes(verb)
    const path = isOnCollection || verb === 'watch' ? collection : `${collection}/{name}`
    return operation(kind, verb, path, isOnCollection ? parameters : [...parameters, 'name'])
  })
  const ofParts = (isMetrics ? [] : subresourcesOf(kind)).flatMap(({ name, handlers, representation }) =>
    (Object.keys(handlers) as ApiVerb[]).map((verb) => {
      const part = operation(kind, verb, `${collection}/{name}/${name}`, [...parameters, 'name'], name)
      return (
        part && {
          ...part,
          groupVersionKind: representation ?? gvkOf(kind),
          type: representation ? undefined : kind.type,
        }
      )
    }),
  )
  const everywhere = kind.namespaced ? [operation(kind, 'list', `${root}/${kind.plural}`, [])] : []
  return [...everywhere, ...ofKind, ...ofParts].filter((found) => found !== undefined)
}

function operation(
  kind: Kind,
  verb: ApiVerb,
  path: string,
  pathParameters: readonly string[],
  part = '',
): Operation | undefined {
  if (verb === 'watch') return undefined
  const scope = pathParameters.includes('namespace') ? 'Namespaced' : ''
  const title = [verb, kind.group.split('.')[0] || 'core', kind.version, scope, kind.kind, part]
  return {
    path,
    method: METHODS[verb],
    id: title
      .map(capitalised)
      .join('')
      .replace(/^./, (letter) => letter.toLowerCase()),
    action: ACTIONS[verb] ?? verb,
    groupVersionKind: gvkOf(kind),
    pathParameters,
    queryParameters: [...QUERY_PARAMETERS[verb], 'pretty'],
    type: kind.type,
    tag: `${kind.group.split('.')[0] || 'core'}_${kind.version}`,
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
