import { isApiError } from '../../../shared/api/api-error.ts'
import { PRIORITY_CLASSES, type PriorityClass } from '../../../shared/api/kinds.ts'
import type { Registry } from '../registry.ts'

const SYSTEM_CRITICAL = 2_000_000_000

/** The classes that every cluster has; nobody makes others of such a name, and none of theirs has so high a value. */
const SYSTEM_PRIORITY_CLASSES: readonly PriorityClass[] = [
  {
    metadata: { name: 'system-node-critical' },
    value: SYSTEM_CRITICAL + 1_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    metadata: { name: 'system-cluster-critical' },
    value: SYSTEM_CRITICAL,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
]

export function systemPriorityClass(name: string): PriorityClass | undefined {
  return SYSTEM_PRIORITY_CLASSES.find(({ metadata }) => metadata.name === name)
}

/** Creates the classes that every cluster has, where they are missing. */
export async function bootstrapPriorityClasses(registry: Registry): Promise<void> {
  for (const priorityClass of SYSTEM_PRIORITY_CLASSES) {
    try {
      await registry.create(PRIORITY_CLASSES, priorityClass, {})
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error
    }
  }
}
