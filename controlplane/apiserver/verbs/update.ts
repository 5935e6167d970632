import type { UpdateArea } from '../../registry/registry.ts'
import type { Handler } from '../handler.ts'
import { agreeWithTarget, expectedOf, readObject } from '../request/body-of-kind.ts'
import { keyOfTarget } from '../request/resource-request.ts'
import { readWriteOptions } from '../request/write-query.ts'

/** PUT: replaces the part of the object that `area` names. An object that does not exist is not made. */
export function updateOf(area: UpdateArea): Handler {
  return async (request, { registry }) => {
    const { kind, target, query, userAgent, warn } = request
    const options = readWriteOptions(query, userAgent, warn)
    const object = agreeWithTarget(await readObject(request, expectedOf(kind)), request)
    const replace = async (current: object) => {
      await request.authorizeWrite(object, current)
      return object
    }
    const entry = await registry.update(kind, keyOfTarget(target), replace, { ...options, area })
    return { type: 'entry', code: 200, entry }
  }
}

export const update: Handler = updateOf('object')
