import type { Handler } from '../handler.ts'
import { readDeleteOptions } from '../request/delete-options.ts'
import { readListQuery } from '../request/list-query.ts'

export const deleteCollection: Handler = async (request, { registry }) => {
  const { kind, target, query } = request
  const selection = readListQuery(query, target.namespace)
  const options = await readDeleteOptions(request)
  const { namespace, labels, fields, limit } = selection
  const list = await registry.deleteCollection(kind, {
    ...options,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels ? { labels } : {}),
    ...(fields ? { fields } : {}),
    ...(limit ? { limit } : {}),
    ...(selection.continue ? { continue: selection.continue } : {}),
  })
  return { type: 'list', list }
}
