import { isApiError } from '../../../shared/api/api-error.ts'
import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { Registry } from '../../registry/registry.ts'
import type { NodeLookup } from './node-authorizer.ts'

/** Looks into the registry at each question, so that an answer is never older than the request. */
export function registryNodeLookup(registry: Registry): NodeLookup {
  return {
    async pod(namespace, name) {
      try {
        return (await registry.get(PODS, { namespace, name })).object as Pod
      } catch (error) {
        if (isApiError(error, 'NotFound')) return undefined
        throw error
      }
    },
    async podsOf(nodeName) {
      const fields = [{ field: 'spec.nodeName', equals: true, value: nodeName }]
      const { entries } = await registry.list(PODS, { fields })
      return entries.map(({ object }) => object as Pod)
    },
  }
}
