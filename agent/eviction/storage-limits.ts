import type { Pod } from '../../shared/api/generated/core-v1.ts'
import { formatBytes, parseUnits } from '../../shared/quantity.ts'
import { type PodResourceUsage, usedByPod } from './pod-resource-usage.ts'

const STORAGE = 'ephemeral-storage'

/** Whether anything limits what the Pod may write: then it has to be measured. */
export function limitsStorage({ spec }: Pod): boolean {
  const isLimitedVolume = spec?.volumes?.some(({ emptyDir }) => emptyDir?.sizeLimit && emptyDir.medium !== 'Memory')
  return isLimitedVolume || (spec?.containers ?? []).some(({ resources }) => resources?.limits?.[STORAGE] !== undefined)
}

/** Why a Pod that wrote more than it may has to go, in the kubelet's words; nothing where it did not. */
export function storageViolation(usage: PodResourceUsage): string | undefined {
  return volumeViolation(usage) ?? podViolation(usage) ?? containerViolation(usage)
}

function volumeViolation({ pod, volumeBytes }: PodResourceUsage): string | undefined {
  for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
    const limit = emptyDir?.sizeLimit ?? '0'
    if (parseUnits(limit) === 0 || (volumeBytes.get(name) ?? 0) <= parseUnits(limit)) continue
    return `Usage of EmptyDir volume ${JSON.stringify(name)} exceeds the limit ${JSON.stringify(limit)}. `
  }
  return undefined
}

function podViolation(usage: PodResourceUsage): string | undefined {
  const limits = (usage.pod.spec?.containers ?? []).flatMap(({ resources }) => resources?.limits?.[STORAGE] ?? [])
  const total = limits.reduce((sum, limit) => sum + parseUnits(limit), 0)
  if (limits.length === 0 || usedByPod(usage, STORAGE) <= total) return undefined
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${formatBytes(total)}. `
}

function containerViolation({ pod, containers }: PodResourceUsage): string | undefined {
  for (const { name, resources } of pod.spec?.containers ?? []) {
    const limit = resources?.limits?.[STORAGE] ?? '0'
    const used = containers.find((container) => container.name === name)?.diskBytes ?? 0
    if (parseUnits(limit) === 0 || used <= parseUnits(limit)) continue
    return `Container ${name} exceeded its local ephemeral storage limit ${JSON.stringify(limit)}. `
  }
  return undefined
}
