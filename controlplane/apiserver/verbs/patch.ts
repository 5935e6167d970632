import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { UpdateArea } from '../../registry/registry.ts'
import type { Handler } from '../handler.ts'
import { readPatch } from '../patch/read-patch.ts'
import { agreeWithTarget, expectedOf } from '../request/body-of-kind.ts'
import { keyOfTarget } from '../request/resource-request.ts'
import { readFieldValidation, readWriteOptions } from '../request/write-query.ts'

/** PATCH: applies the patch to the newest version of the object, again where another write comes between. */
export function patchOf(area: UpdateArea): Handler {
  return async (request, { registry }) => {
    const { kind, target, query, userAgent, warn } = request
    const options = readWriteOptions(query, userAgent, warn)
    const patch = readPatch(await request.body(), expectedOf(kind))
    const warnings = new Set<string>()
    const strictness = { validation: readFieldValidation(query), warn: (message: string) => warnings.add(message) }
    const change = async (current: Persisted<KubeObject>) => {
      warnings.clear()
      const patched = agreeWithTarget(patch.apply(current, strictness), request)
      await request.authorizeWrite(patched, current)
      return patched
    }
    const entry = await registry.update(kind, keyOfTarget(target), change, { ...options, area })
    for (const warning of warnings) warn(warning)
    return { type: 'entry', code: 200, entry }
  }
}

export const patch: Handler = patchOf('object')
