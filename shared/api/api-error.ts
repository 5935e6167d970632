import type { Status, StatusCause, StatusDetails } from './generated/meta-v1.ts'

export type { Status, StatusCause, StatusDetails }

/** Kubernetes' reasons and the HTTP code of each. */
export const STATUS_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  NotImplemented: 501,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const

export type StatusReason = keyof typeof STATUS_CODES

/** One wrong field of an Invalid error. */
export interface FieldError {
  /** Such as `spec.containers[0].image`. */
  field: string
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'FieldValueNotFound'
  /** Such as `Required value` or `Invalid value: -1: must be greater than or equal to 0`. */
  message: string
}

interface ResourceName {
  group: string
  plural: string
  kind?: string
}

/** A refusal by the API, as a value that can be thrown. Its JSON form is a Kubernetes Status. */
export class ApiError extends Error {
  readonly reason: StatusReason
  readonly code: number
  readonly details: StatusDetails | undefined

  constructor(reason: StatusReason, message: string, details?: StatusDetails, code: number = STATUS_CODES[reason]) {
    super(message)
    this.name = 'ApiError'
    this.reason = reason
    this.code = code
    this.details = details
  }

  static notFound(kind: ResourceName, name: string): ApiError {
    return new ApiError('NotFound', `${resource(kind)} ${quote(name)} not found`, details(kind, name))
  }

  static alreadyExists(kind: ResourceName, name: string): ApiError {
    return new ApiError('AlreadyExists', `${resource(kind)} ${quote(name)} already exists`, details(kind, name))
  }

  static conflict(kind: ResourceName, name: string, why: string): ApiError {
    const message = `Operation cannot be fulfilled on ${resource(kind)} ${quote(name)}: ${why}`
    return new ApiError('Conflict', message, details(kind, name))
  }

  static forbidden(kind: ResourceName, name: string, why: string): ApiError {
    const what = name ? `${resource(kind)} ${quote(name)}` : resource(kind)
    return new ApiError('Forbidden', `${what} is forbidden: ${why}`, details(kind, name))
  }

  static invalid(kind: ResourceName & { kind: string }, name: string, errors: readonly FieldError[]): ApiError {
    const list = errors.map((error) => `${error.field}: ${error.message}`)
    const title = kind.group ? `${kind.kind}.${kind.group}` : kind.kind
    const message = `${title} ${quote(name)} is invalid: ${list.length === 1 ? list[0] : `[${list.join(', ')}]`}`
    const causes: StatusCause[] = errors.map(({ field, reason, message }) => ({ reason, message, field }))
    return new ApiError('Invalid', message, { name, group: kind.group, kind: kind.kind, causes })
  }

  static badRequest(message: string): ApiError {
    return new ApiError('BadRequest', message)
  }

  static expired(message: string): ApiError {
    return new ApiError('Expired', message)
  }

  /** The error that a Status describes; the inverse of `toStatus`. */
  static fromStatus(status: Status): ApiError {
    const reason = Object.hasOwn(STATUS_CODES, status.reason ?? '') ? (status.reason as StatusReason) : 'InternalError'
    return new ApiError(reason, status.message ?? 'unknown error', status.details, status.code)
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    }
  }
}

export function isApiError(error: unknown, reason?: StatusReason): error is ApiError {
  return error instanceof ApiError && (reason === undefined || error.reason === reason)
}

function resource(kind: ResourceName): string {
  return kind.group ? `${kind.plural}.${kind.group}` : kind.plural
}

function quote(name: string): string {
  return JSON.stringify(name)
}

function details(kind: ResourceName, name: string): StatusDetails {
  return { name, ...(kind.group ? { group: kind.group } : {}), kind: kind.plural }
}
