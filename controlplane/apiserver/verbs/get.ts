import type { Handler } from '../handler.ts'
import { keyOfTarget } from '../request/resource-request.ts'

export const get: Handler = async ({ kind, target }, { registry }) => ({
  type: 'entry',
  code: 200,
  entry: await registry.get(kind, keyOfTarget(target)),
})
