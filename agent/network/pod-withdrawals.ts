import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'

/** Takes Pods of this node that are being deleted out of the cluster's Services. */
export interface PodWithdrawals {
  /**
   * Resolves when no Service offers the Pod to new connections any more, on any node. Asks anew after each reconnection,
   * so it may take as long as the control plane is away. Rejects with the signal's reason when that aborts first.
   */
  withdrawn(pod: Persisted<Pod>, signal: AbortSignal): Promise<void>
}
