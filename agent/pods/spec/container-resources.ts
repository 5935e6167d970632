import type { Container } from '../../../shared/api/generated/core-v1.ts'
import { parseMilliNumber, parseUnits } from '../../../shared/quantity.ts'
import type { ContainerResources } from '../../runtime/runtime.ts'

const MIN_CPU_SHARES = 2
/** The kernel gives out no less. */
const MIN_CPU_LIMIT_MILLI = 10
const MAX_CPU_SHARES = 262_144

/** Requests become the weight among neighbours, limits what it cannot exceed. */
export function containerResources({ resources }: Container): ContainerResources {
  const { requests, limits } = resources ?? {}
  const requestMilli = parseMilliNumber(requests?.cpu ?? limits?.cpu ?? '0')
  const limitMilli = parseMilliNumber(limits?.cpu ?? '0')
  const limitBytes = parseUnits(limits?.memory ?? '0')
  return {
    cpuShares: cpuSharesOf(requestMilli),
    ...(limitMilli > 0 ? { cpuLimitMilli: Math.max(MIN_CPU_LIMIT_MILLI, limitMilli) } : {}),
    ...(limitBytes > 0 ? { memoryLimitBytes: limitBytes } : {}),
  }
}

function cpuSharesOf(milli: number): number {
  return Math.min(Math.max(MIN_CPU_SHARES, Math.floor((milli * 1024) / 1000)), MAX_CPU_SHARES)
}
