import { isApiError } from '../../shared/api/api-error.ts'
import { NAMESPACES } from '../../shared/api/kinds.ts'
import type { Registry } from './registry.ts'

const IMMORTAL = ['default', 'kube-system', 'kube-public']
const BOOTSTRAPPED = [...IMMORTAL, 'kube-node-lease']

export function isImmortal(name: string): boolean {
  return IMMORTAL.includes(name)
}

/** Creates the namespaces that every cluster has, where they are missing. */
export async function bootstrapNamespaces(registry: Registry): Promise<void> {
  for (const name of BOOTSTRAPPED) {
    try {
      await registry.create(NAMESPACES, { metadata: { name } }, {})
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error
    }
  }
}
