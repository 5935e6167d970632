import type { Container, PodSpec } from './api/generated/core-v1.ts'
import { parseMilli } from './quantity.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const COMPUTE = ['cpu', 'memory']

/** From the requests and limits for cpu and memory, which decide who suffers first when a node runs short. */
export function qosClassOf(spec: PodSpec): QosClass {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const amounts = containers.flatMap(({ resources }) =>
    COMPUTE.flatMap((name) => [resources?.requests?.[name], resources?.limits?.[name]]),
  )
  if (!amounts.some(isAmount)) return 'BestEffort'
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}

function isGuaranteed({ resources }: Container): boolean {
  return COMPUTE.every((name) => {
    const limit = resources?.limits?.[name]
    const request = resources?.requests?.[name] ?? limit
    return isAmount(limit) && parseMilli(limit) === parseMilli(request ?? '0')
  })
}

function isAmount(quantity: string | undefined): quantity is string {
  return quantity !== undefined && parseMilli(quantity) > 0n
}
