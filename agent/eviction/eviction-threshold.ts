import { isQuantity, parseUnits } from '../../shared/quantity.ts'

/** What can run short on a node, in the kubelet's words. Images, containers and volumes are on one filesystem: both `nodefs` and `imagefs` are that. */
const EVICTION_SIGNALS = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
] as const
export type EvictionSignal = (typeof EVICTION_SIGNALS)[number]

/** Units of what is observed, or so much of what there is. */
export type EvictionAmount = { units: number } | { percent: number; atMostUnits?: number }

/** Below `value` Pods have to go. */
export interface EvictionThreshold {
  signal: EvictionSignal
  value: EvictionAmount
  /** A soft one: only after it was met for so long. */
  graceMs?: number
  /** Once they had to go, so much more has to become free. */
  minimumReclaim?: EvictionAmount
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
  return parseSignals(text, '<', 'quantity').map(([signal, amount]) => ({ signal, value: parseEvictionAmount(amount) }))
}

/** Reads a list of signals with something for each, such as `memory.available=500Mi`, where `=` is the `sign`. Throws an Error. */
export function parseSignals(text: string, sign: string, what: string): [EvictionSignal, string][] {
  return text
    .split(',')
    .filter((statement) => statement !== '')
    .map((statement) => {
      const [signal = '', amount = '', ...rest] = statement.split(sign)
      if (rest.length > 0 || amount === '') throw new Error(`${statement} is not of the form signal${sign}${what}`)
      const known = EVICTION_SIGNALS.find((name) => name === signal)
      if (!known) throw new Error(`${signal} is not one of ${EVICTION_SIGNALS.join(', ')}`)
      return [known, amount]
    })
}

/** The threshold as an amount of what is observed. */
export function thresholdUnits({ value }: EvictionThreshold, capacity: number): number {
  return unitsOf(value, capacity)
}

export function isMet(threshold: EvictionThreshold, { available, capacity }: Observation): boolean {
  return available < thresholdUnits(threshold, capacity)
}

/** Whether what became free since it was met is not enough. */
export function isUnresolved(threshold: EvictionThreshold, { available, capacity }: Observation): boolean {
  const { minimumReclaim } = threshold
  const more = minimumReclaim ? unitsOf(minimumReclaim, capacity) : 0
  return available < thresholdUnits(threshold, capacity) + more
}

function unitsOf(amount: EvictionAmount, capacity: number): number {
  if ('units' in amount) return amount.units
  return Math.min(Math.floor((capacity * amount.percent) / 100), amount.atMostUnits ?? Number.POSITIVE_INFINITY)
}

/** A quantity or a percentage. Throws an Error. */
export function parseEvictionAmount(text: string): EvictionAmount {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]
  if (percent !== undefined) {
    if (Number(percent) > 100) throw new Error(`${text} is more than all of it`)
    return { percent: Number(percent) }
  }
  if (!isQuantity(text) || parseUnits(text) < 0) throw new Error(`${text} is neither a quantity nor a percentage`)
  return { units: parseUnits(text) }
}
