import type { Handler } from '../handler.ts'
import { expectedOf, readObject } from '../request/body-of-kind.ts'
import { readWriteOptions } from '../request/write-query.ts'

export const create: Handler = async (request, { registry }) => {
  const { kind, target, query, userAgent, warn } = request
  const options = readWriteOptions(query, userAgent, warn)
  const object = await readObject(request, expectedOf(kind))
  await request.authorizeWrite(object)
  const { namespace } = target
  const entry = await registry.create(kind, object, { ...options, ...(namespace === undefined ? {} : { namespace }) })
  return { type: 'entry', code: 201, entry }
}
