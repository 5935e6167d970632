import type { Pod, Volume } from '../../shared/api/generated/core-v1.ts'
import { parseUnits } from '../../shared/quantity.ts'
import type { EnvironmentSources } from '../pods/spec/environment.ts'
import type { VolumeSpec } from '../runtime/runtime.ts'
import { isFileVolume } from './file-projection.ts'

/** What the runtime is told of one volume of a Pod. Throws VolumeError where that cannot be said yet. */
export function volumeSpec(volume: Volume, sources: EnvironmentSources): VolumeSpec {
  const { pod } = sources
  const { name } = volume
  const { fsGroup } = pod.spec?.securityContext ?? {}
  const group = fsGroup === undefined ? {} : { group: fsGroup }
  if (isFileVolume(volume)) return { name, medium: 'files', ...group }
  const { medium, sizeLimit } = volume.emptyDir ?? {}
  if (medium !== 'Memory') return { name, medium: 'disk', ...group }
  return { name, medium: 'memory', ...group, sizeLimitBytes: memoryBytes(sizeLimit, pod, sources.allocatable.memory) }
}

/** The least of the limit itself, what the Pod's containers may use together, and what the node has. */
function memoryBytes(sizeLimit: string | undefined, { spec }: Pod, allocatable: string): number {
  const limits = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map(
    ({ resources }) => resources?.limits?.memory,
  )
  const isLimited = limits.length > 0 && limits.every((limit) => limit !== undefined)
  const together = isLimited ? limits.reduce((sum, limit) => sum + parseUnits(limit ?? '0'), 0) : 0
  const own = sizeLimit === undefined ? 0 : parseUnits(sizeLimit)
  return Math.min(...[own, together, parseUnits(allocatable)].filter((bytes) => bytes > 0))
}
