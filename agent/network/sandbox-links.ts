import type { SandboxState } from '../runtime/runtime.ts'

/** Links sandboxes to the Pods' network, those that say `linkedBy: 'agent'`. */
export interface SandboxLinks {
  /** Kernel parameters that a sandbox on the Pods' network is to be made with; known once an address was given. */
  readonly sysctls: Readonly<Record<string, string>>
  /**
   * Resolves when the sandbox has its link; at once where it has one already, or needs none. Rejects with a RuntimeFailure:
   * no container should run in it then.
   */
  join(sandbox: SandboxState): Promise<void>
  /** The sandbox is to end, and its link with it. */
  leave(sandboxId: string): void
}
