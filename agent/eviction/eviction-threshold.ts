import { isQuantity, parseUnits } from '../../shared/quantity.ts'

/** What can run short on a node, in the kubelet's words. Images and containers are on the node's one filesystem. */
export const EVICTION_SIGNALS = ['memory.available', 'nodefs.available', 'nodefs.inodesFree', 'pid.available'] as const
export type EvictionSignal = (typeof EVICTION_SIGNALS)[number]

/** Below `value` (of what there is, where it is a percentage) Pods have to go. */
export interface EvictionThreshold {
  signal: EvictionSignal
  value: { units: number } | { percent: number; atMostUnits?: number }
}

/** How much there is of something, in bytes, inodes or processes. */
export interface Observation {
  available: number
  capacity: number
}

/**
 * The kubelet's, but of a large disk never more than 2 GiB: a tenth of a disk that people work on would stop Pods for
 * no need. And the processes, which the kubelet leaves to the administrator.
 */
export const DEFAULT_EVICTION_THRESHOLDS: readonly EvictionThreshold[] = [
  { signal: 'memory.available', value: { units: 100 * 2 ** 20 } },
  { signal: 'nodefs.available', value: { percent: 10, atMostUnits: 2 * 2 ** 30 } },
  { signal: 'nodefs.inodesFree', value: { percent: 5 } },
  { signal: 'pid.available', value: { percent: 5 } },
]

/** Reads `memory.available<500Mi,nodefs.available<5%`; signals that are not named have no threshold. Throws an Error. */
export function parseEvictionThresholds(text: string): EvictionThreshold[] {
  return text
    .split(',')
    .filter((statement) => statement !== '')
    .map((statement) => {
      const [signal = '', amount = '', ...rest] = statement.split('<')
      if (rest.length > 0 || amount === '') throw new Error(`${statement} is not of the form signal<quantity`)
      const known = EVICTION_SIGNALS.find((name) => name === signal)
      if (!known) throw new Error(`${signal} is not one of ${EVICTION_SIGNALS.join(', ')}`)
      return { signal: known, value: parseAmount(amount) }
    })
}

/** The threshold as an amount of what is observed. */
export function thresholdUnits({ value }: EvictionThreshold, capacity: number): number {
  if ('units' in value) return value.units
  return Math.min(Math.floor((capacity * value.percent) / 100), value.atMostUnits ?? Number.POSITIVE_INFINITY)
}

export function isMet(threshold: EvictionThreshold, { available, capacity }: Observation): boolean {
  return available < thresholdUnits(threshold, capacity)
}

function parseAmount(text: string): EvictionThreshold['value'] {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]
  if (percent !== undefined) {
    if (Number(percent) > 100) throw new Error(`${text} is more than all of it`)
    return { percent: Number(percent) }
  }
  if (!isQuantity(text) || parseUnits(text) < 0) throw new Error(`${text} is neither a quantity nor a percentage`)
  return { units: parseUnits(text) }
}
