import type { Deployment } from '../../../shared/api/kinds.ts'

/** How many Pods a rolling update may have too many and too few. */
export interface RolloutBounds {
  surge: number
  unavailable: number
}

/** What the API fills in where the strategy names none. */
const DEFAULT = '25%'

/** Percentages are of `spec.replicas`, the surge rounded up and the unavailable down; where both come to 0, one may be unavailable. */
export function rolloutBounds(deployment: Deployment): RolloutBounds {
  if (!isRollingUpdate(deployment)) return { surge: 0, unavailable: 0 }
  const replicas = desiredReplicas(deployment)
  const { maxSurge = DEFAULT, maxUnavailable = DEFAULT } = deployment.spec.strategy?.rollingUpdate ?? {}
  const surge = resolve(maxSurge, replicas, Math.ceil)
  const unavailable = resolve(maxUnavailable, replicas, Math.floor)
  return { surge, unavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas) }
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type !== 'Recreate'
}

export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1
}

/** Fewer available Pods than this are too few. */
export function minAvailable(deployment: Deployment): number {
  return desiredReplicas(deployment) - rolloutBounds(deployment).unavailable
}

function resolve(value: number | string, total: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value)?.[1]
  return percent === undefined ? 0 : round((Number(percent) * total) / 100)
}
