import type { Pod } from '../../shared/api/generated/core-v1.ts'
import { parseUnits } from '../../shared/quantity.ts'

/** What one Pod was seen to use, in bytes and processes. */
export interface PodResourceUsage {
  pod: Pod
  containers: ContainerResourceUsage[]
  /** By volume name, of those on disk. */
  volumeBytes: ReadonlyMap<string, number>
}

export interface ContainerResourceUsage {
  name: string
  memoryBytes: number
  /** What it wrote beside its volumes, and its log. */
  diskBytes: number
  processes: number
}

/** What Pods are ended to get back. */
export type StarvedResource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids'

export function usedBy(container: ContainerResourceUsage, resource: StarvedResource): number {
  switch (resource) {
    case 'memory':
      return container.memoryBytes
    case 'pids':
      return container.processes
    default:
      return container.diskBytes
  }
}

export function usedByPod({ containers, volumeBytes }: PodResourceUsage, resource: StarvedResource): number {
  const own = containers.reduce((sum, container) => sum + usedBy(container, resource), 0)
  const isOfDisk = resource === 'ephemeral-storage' || resource === 'inodes'
  return isOfDisk ? [...volumeBytes.values()].reduce((sum, bytes) => sum + bytes, own) : own
}

/** What the Pod's containers asked for, together. */
export function requestedByPod({ spec }: Pod, resource: StarvedResource): number {
  const requests = (spec?.containers ?? []).map(({ resources }) => resources?.requests?.[resource] ?? '0')
  return requests.reduce((sum, quantity) => sum + parseUnits(quantity), 0)
}
