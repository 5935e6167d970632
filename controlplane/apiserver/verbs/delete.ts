import type { Status } from '../../../shared/api/api-error.ts'
import type { Kind } from '../../../shared/api/kinds.ts'
import type { Entry } from '../../registry/registry.ts'
import { strategyOf } from '../../registry/strategies/index.ts'
import type { Handler } from '../handler.ts'
import { value } from '../http/answer.ts'
import { readDeleteOptions } from '../request/delete-options.ts'
import { keyOfTarget } from '../request/resource-request.ts'

/** Answers with the object where its deletion goes on; where it is gone with that or a Status, as its kind has it. */
export const remove: Handler = async (request, { registry }) => {
  const { kind, target } = request
  const options = await readDeleteOptions(request)
  const { entry, gone } = await registry.delete(kind, keyOfTarget(target), options)
  if (gone && !strategyOf(kind).isReturnedWhenGone) return value(200, deleted(kind, entry))
  return { type: 'entry', code: options.delete.orphanDependents === false ? 202 : 200, entry }
}

function deleted({ group, plural }: Kind, { object: { metadata } }: Entry): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: metadata.name, ...(group ? { group } : {}), kind: plural, uid: metadata.uid },
  }
}
