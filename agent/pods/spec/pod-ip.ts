import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import type { SandboxState } from '../../runtime/runtime.ts'

/** Where a Pod's containers are reached: on the machine's own network at its address, otherwise at the sandbox's. */
export function podIPOf(
  { spec }: Pod,
  sandbox: Pick<SandboxState, 'ip'> | undefined,
  hostIPs: readonly string[],
): string | undefined {
  return spec?.hostNetwork ? hostIPs[0] : sandbox?.ip
}
