import type { SandboxState } from '../../runtime/runtime.ts'

/** Makes Services reachable from sandboxes. */
export interface SandboxRules {
  /** Resolves when Services can be reached from the sandbox, or after a moment where that does not come about. Never rejects. */
  cover(sandbox: SandboxState): Promise<void>
  /** The sandbox is to end. */
  uncover(sandboxId: string): void
}
