import type { Pod } from '../../shared/api/generated/core-v1.ts'

const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000

/** Critical for the cluster or its node: never evicted, and taken when the node is short of something. */
export function isCriticalPod({ spec }: Pod): boolean {
  return (spec?.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY
}
