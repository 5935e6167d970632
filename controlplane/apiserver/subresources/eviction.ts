import type { Eviction } from '../../../shared/api/generated/policy-v1.ts'
import { PODS } from '../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../shared/api/object.ts'
import type { Handler } from '../handler.ts'
import { value } from '../http/answer.ts'
import { agreeWithTarget, readObject } from '../request/body-of-kind.ts'
import type { Expected } from '../request/decode-body.ts'
import { keyOfTarget } from '../request/resource-request.ts'
import { isDryRun, readWriteOptions } from '../request/write-query.ts'
import { SUCCESS } from './binding.ts'
import type { Subresource } from './subresource.ts'

const EXPECTED: Expected = { apiVersions: ['policy/v1'], kind: 'Eviction', type: 'policy.v1.Eviction' }

/** Deletes the Pod. There are no disruption budgets that could forbid it. */
const create: Handler = async (request, { registry }) => {
  const { query, userAgent, warn, target } = request
  const options = readWriteOptions(query, userAgent, warn)
  const eviction = agreeWithTarget(await readObject(request, EXPECTED), request) as Eviction & KubeObject
  await request.authorizeWrite(eviction)
  const { deleteOptions = {} } = eviction
  const dryRun = options.dryRun || isDryRun(deleteOptions.dryRun ?? [])
  await registry.delete(PODS, keyOfTarget(target), { ...options, dryRun, delete: deleteOptions })
  return value(201, SUCCESS)
}

export const eviction: Subresource = {
  name: 'eviction',
  isServedFor: (kind) => kind.type === PODS.type,
  representation: { group: 'policy', version: 'v1', kind: 'Eviction' },
  handlers: { create },
}
