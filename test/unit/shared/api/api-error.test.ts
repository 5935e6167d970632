import { describe, expect, it } from 'vitest'
import { ApiError, isApiError, STATUS_CODES } from '../../../../shared/api/api-error.ts'
import { DEPLOYMENTS, PODS } from '../../../../shared/api/kinds.ts'

const errors = [{ field: 'spec.x', reason: 'FieldValueRequired' as const, message: 'Required value' }]

describe('ApiError', () => {
  it('speaks as Kubernetes does', () => {
    const messages = [
      ApiError.notFound(PODS, 'a'),
      ApiError.notFound(DEPLOYMENTS, 'a'),
      ApiError.alreadyExists(DEPLOYMENTS, 'a'),
      ApiError.conflict(PODS, 'a', 'it changed'),
      ApiError.forbidden(PODS, 'a', 'no'),
      ApiError.forbidden(PODS, '', 'no'),
      ApiError.invalid(PODS, 'a', errors),
      ApiError.invalid(DEPLOYMENTS, 'a', [...errors, ...errors]),
    ].map(({ message }) => message)
    expect(messages).toEqual([
      'pods "a" not found',
      'deployments.apps "a" not found',
      'deployments.apps "a" already exists',
      'Operation cannot be fulfilled on pods "a": it changed',
      'pods "a" is forbidden: no',
      'pods is forbidden: no',
      'Pod "a" is invalid: spec.x: Required value',
      'Deployment.apps "a" is invalid: [spec.x: Required value, spec.x: Required value]',
    ])
  })

  it('becomes a Status', () => {
    expect(ApiError.notFound(DEPLOYMENTS, 'a').toStatus()).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'deployments.apps "a" not found',
      reason: 'NotFound',
      details: { name: 'a', group: 'apps', kind: 'deployments' },
      code: 404,
    })
    expect(ApiError.invalid(PODS, 'a', errors).toStatus()).toMatchObject({
      reason: 'Invalid',
      code: 422,
      details: {
        name: 'a',
        kind: 'Pod',
        causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.x' }],
      },
    })
    expect(ApiError.badRequest('no').toStatus()).not.toHaveProperty('details')
  })

  it('comes back from its Status', () => {
    for (const error of [ApiError.notFound(PODS, 'a'), ApiError.expired('old'), ApiError.invalid(PODS, 'a', errors)]) {
      const copy = ApiError.fromStatus(JSON.parse(JSON.stringify(error.toStatus())))
      expect(copy.toStatus()).toEqual(error.toStatus())
      expect(isApiError(copy, error.reason)).toBe(true)
    }
    expect(ApiError.fromStatus({}).toStatus()).toMatchObject({ reason: 'InternalError', code: 500 })
    expect(ApiError.fromStatus({ reason: 'toString', code: 418 })).toMatchObject({ reason: 'InternalError', code: 418 })
  })

  it('has the code of its reason', () => {
    for (const [reason, code] of Object.entries(STATUS_CODES)) {
      expect(new ApiError(reason as keyof typeof STATUS_CODES, 'x')).toMatchObject({ code, name: 'ApiError' })
    }
    expect(isApiError(new Error('x'))).toBe(false)
    expect(isApiError(ApiError.badRequest('x'), 'NotFound')).toBe(false)
  })
})
