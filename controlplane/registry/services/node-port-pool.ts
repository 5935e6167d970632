import type { Random } from '../../../shared/random.ts'
import { numberPool, pickFree } from './number-pool.ts'
import type { PortRange } from './service-network.ts'

/** Why a Service cannot have this port of the nodes, if so. */
export function refusalOfNodePort(
  port: number,
  { first, last }: PortRange,
  taken: ReadonlySet<string>,
): string | undefined {
  if (port < first || port > last) {
    return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
  }
  return taken.has(String(port)) ? 'provided port is already allocated' : undefined
}

/** Undefined where all are taken. */
export function anyNodePort(
  { first, last }: PortRange,
  isTaken: (port: number) => boolean,
  random: Random,
): number | undefined {
  const pool = numberPool(last - first + 1, 32, 128)
  const place = pickFree(pool, (number) => isTaken(first + number), random)
  return place === undefined ? undefined : first + place
}
