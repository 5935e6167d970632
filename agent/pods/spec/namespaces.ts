import type { PodSpec } from '../../../shared/api/generated/core-v1.ts'
import type { Namespaces } from '../../runtime/runtime.ts'

/** Whose processes and IPC a Pod's containers see. */
export function namespacesOf({ hostPID, hostIPC, shareProcessNamespace }: PodSpec): Namespaces {
  return {
    processes: hostPID ? 'node' : shareProcessNamespace ? 'pod' : 'container',
    ipc: hostIPC ? 'node' : 'pod',
  }
}
