import type { Pod, PodStatus } from '../shared/api/generated/core-v1.ts'

/** What is known of the node's Pods now; the PodManager is one. */
export interface PodLookup {
  lookup(podUid: string): { pod: Pod; status: PodStatus | undefined } | undefined
}
