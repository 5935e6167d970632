import { ApiError, type FieldError } from '../../../shared/api/api-error.ts'
import type { Query } from '../request/query.ts'

/** The query parameters of `pods/log`. */
export interface LogOptions {
  readonly container?: string
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  readonly tailLines?: number
  readonly sinceSeconds?: number
  /** RFC 3339. */
  readonly sinceTime?: string
  readonly limitBytes?: number
  readonly stream: 'All' | 'Stdout' | 'Stderr'
}

/** @throws ApiError 400 for what cannot be read, 422 for values out of range */
export function readLogOptions(query: Query): LogOptions {
  const container = query.text('container')
  const sinceTime = query.text('sinceTime')
  const numbers = readNumbers(query)
  const stream = query.choice('stream', ['All', 'Stdout', 'Stderr']) ?? 'All'
  check(numbers, sinceTime, stream)
  return {
    ...(container === undefined ? {} : { container }),
    follow: query.flag('follow'),
    previous: query.flag('previous'),
    timestamps: query.flag('timestamps'),
    ...numbers,
    ...(sinceTime === undefined ? {} : { sinceTime }),
    stream,
  }
}

type Numbers = Pick<LogOptions, 'tailLines' | 'sinceSeconds' | 'limitBytes'>

function readNumbers(query: Query): Numbers {
  const names = ['tailLines', 'sinceSeconds', 'limitBytes'] as const
  const numbers = names.map((name) => [name, query.integer(name, Number.MIN_SAFE_INTEGER)] as const)
  return Object.fromEntries(numbers.filter(([, number]) => number !== undefined))
}

function check({ tailLines, sinceSeconds, limitBytes }: Numbers, sinceTime: string | undefined, stream: string): void {
  const errors: FieldError[] = []
  const invalid = (field: string, value: unknown, why: string) =>
    errors.push({ field, reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${why}` })
  if (tailLines !== undefined && tailLines < 0) invalid('tailLines', tailLines, 'must be greater than or equal to 0')
  if (limitBytes !== undefined && limitBytes < 1) invalid('limitBytes', limitBytes, 'must be greater than 0')
  if (sinceSeconds !== undefined && sinceSeconds < 1) invalid('sinceSeconds', sinceSeconds, 'must be greater than 0')
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) {
    invalid('sinceTime', JSON.stringify(sinceTime), 'must be a time such as 2006-01-02T15:04:05Z')
  }
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    const message = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified'
    errors.push({ field: '', reason: 'FieldValueForbidden', message })
  }
  if (tailLines !== undefined && stream !== 'All') {
    const message = '`tailLines` and specific `stream` are mutually exclusive for now'
    errors.push({ field: '', reason: 'FieldValueForbidden', message: `Forbidden: ${message}` })
  }
  if (errors.length > 0) throw ApiError.invalid({ group: '', plural: '', kind: 'PodLogOptions' }, '', errors)
}
