import { ApiError, type FieldError } from '../../../shared/api/api-error.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { parseFieldSelector, parseLabelSelector } from '../../../shared/selectors.ts'
import type { ListOptions, Selection } from '../../registry/registry.ts'
import type { Query } from './query.ts'

/** The query parameters of list, watch and deletecollection. */
export interface ListQuery extends ListOptions {
  /** Absent: the newest. */
  readonly resourceVersion?: number
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan'
  readonly watch: boolean
  readonly timeoutSeconds?: number
  readonly allowWatchBookmarks: boolean
  readonly sendInitialEvents?: boolean
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

const MATCHES = ['Exact', 'NotOlderThan'] as const

/** @throws ApiError 400 for what cannot be read, 422 for parameters that contradict each other */
export function readListQuery(query: Query, namespace: string | undefined): ListQuery {
  const list: ListQuery = {
    ...readSelection(query, namespace),
    ...present('limit', query.integer('limit')),
    ...present('continue', query.text('continue')),
    ...present('resourceVersion', readResourceVersion(query)),
    ...present('resourceVersionMatch', query.choice('resourceVersionMatch', MATCHES)),
    watch: query.flag('watch'),
    ...present('timeoutSeconds', query.integer('timeoutSeconds')),
    allowWatchBookmarks: query.flag('allowWatchBookmarks'),
    ...present('sendInitialEvents', query.optionalFlag('sendInitialEvents')),
    ...present('labelSelector', query.text('labelSelector')),
    ...present('fieldSelector', query.text('fieldSelector')),
  }
  const errors = list.watch ? watchErrors(list) : listErrors(list)
  if (errors.length > 0) throw ApiError.invalid(LIST_OPTIONS, '', errors)
  return list
}

const LIST_OPTIONS = { group: 'meta.k8s.io', plural: 'listoptions', kind: 'ListOptions' }

function readSelection(query: Query, namespace: string | undefined): Selection {
  const labels = query.text('labelSelector')
  const fields = query.text('fieldSelector')
  return {
    ...present('namespace', namespace),
    ...(labels ? { labels: parsed(() => parseLabelSelector(labels)) } : {}),
    ...(fields ? { fields: parsed(() => parseFieldSelector(fields)) } : {}),
  }
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw ApiError.badRequest(messageOf(error))
  }
}

function readResourceVersion(query: Query): number | undefined {
  const text = query.text('resourceVersion')
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const message = `Invalid value: ${JSON.stringify(text)}: must be a resource version that this server gave`
  throw ApiError.invalid(LIST_OPTIONS, '', [{ field: 'resourceVersion', reason: 'FieldValueInvalid', message }])
}

function watchErrors({ resourceVersionMatch: match, sendInitialEvents }: ListQuery): FieldError[] {
  if (sendInitialEvents === undefined) {
    return match
      ? [
          forbidden(
            'resourceVersionMatch',
            'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
          ),
        ]
      : []
  }
  if (match === 'NotOlderThan') return []
  return [forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')]
}

function listErrors(list: ListQuery): FieldError[] {
  const { resourceVersion, resourceVersionMatch: match } = list
  const errors: FieldError[] = []
  if (list.sendInitialEvents !== undefined) {
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  if (match && resourceVersion === undefined) {
    errors.push(
      forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    )
  }
  if (match && list.continue !== undefined) {
    errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
  }
  if (match === 'Exact' && resourceVersion === 0) {
    errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
  }
  return errors
}

function forbidden(field: string, why: string): FieldError {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` }
}

/** A property, or none where its value is undefined. */
function present<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: V }
}
