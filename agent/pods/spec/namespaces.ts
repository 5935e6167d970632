import type { PodSpec } from '../../../shared/api/generated/core-v1.ts'
import type { Namespaces } from '../../runtime/runtime.ts'

/** Whose processes, IPC and hostname a Pod's containers see. */
export function namespacesOf({ hostPID, hostIPC, hostNetwork, shareProcessNamespace }: PodSpec): Namespaces {
  return {
    processes: hostPID ? 'node' : shareProcessNamespace ? 'pod' : 'container',
    ipc: hostIPC ? 'node' : 'pod',
    hostname: hostNetwork ? 'node' : 'pod',
  }
}
