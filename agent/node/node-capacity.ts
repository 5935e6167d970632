import { formatMilli, parseMilliNumber, parseUnits } from '../../shared/quantity.ts'
import { type EvictionThreshold, thresholdUnits } from '../eviction/eviction-threshold.ts'
import type { RuntimeInfo } from '../runtime/runtime.ts'
import type { Held } from './held-by-others.ts'
import type { Machine } from './machine.ts'

export type Amounts = Record<string, string>

/** What whoever runs the agent decided about what the node offers. */
export interface NodeOffer {
  /** Instead of the whole machine: `cpu`, `memory`, `pods`. */
  capacity: Amounts
  /** Kept back for what is no Pod: `cpu`, `memory`, `ephemeral-storage`. */
  reserved: Amounts
  /** Extended resources, by name: how many there are. */
  extended: Readonly<Record<string, number>>
}

export const WHOLE_MACHINE: NodeOffer = { capacity: {}, reserved: {}, extended: {} }

const MAX_PODS = '110'

/** The Node's `status.capacity`. */
export function nodeCapacity(info: RuntimeInfo | undefined, machine: Machine, offer: NodeOffer): Amounts {
  return {
    ...(info ? { cpu: String(info.cpus), memory: kibibytes(info.memoryBytes) } : {}),
    ...(machine.disk ? { 'ephemeral-storage': kibibytes(machine.disk.totalBytes) } : {}),
    pods: MAX_PODS,
    ...Object.fromEntries(Object.entries(offer.extended).map(([name, count]) => [name, String(count)])),
    ...offer.capacity,
  }
}

/**
 * The Node's `status.allocatable`: without what is reserved, without what containers beside its own hold and, as in the
 * kubelet, without what must stay free lest Pods be evicted.
 */
export function nodeAllocatable(
  capacity: Amounts,
  { reserved }: Pick<NodeOffer, 'reserved'>,
  thresholds: readonly EvictionThreshold[],
  held: Held,
): Amounts {
  const keptFree = (resource: string, signal: EvictionThreshold['signal']) => {
    const threshold = thresholds.find((candidate) => candidate.signal === signal && candidate.graceMs === undefined)
    return threshold ? thresholdUnits(threshold, parseUnits(capacity[resource] ?? '0')) : 0
  }
  return {
    ...capacity,
    ...less(capacity, 'cpu', (amount) =>
      formatMilli(rest(parseMilliNumber(amount), parseMilliNumber(reserved.cpu ?? '0') + held.cpuMilli)),
    ),
    ...less(capacity, 'memory', (amount) =>
      without(amount, parseUnits(reserved.memory ?? '0') + keptFree('memory', 'memory.available') + held.memoryBytes),
    ),
    ...less(capacity, 'ephemeral-storage', (amount) =>
      without(
        amount,
        parseUnits(reserved['ephemeral-storage'] ?? '0') + keptFree('ephemeral-storage', 'nodefs.available'),
      ),
    ),
  }
}

/** A node that offers a part of the machine bears that part of what others hold of it. */
export function ownPart(held: Held, capacity: Amounts, machine: RuntimeInfo | undefined): Held {
  if (!machine) return { cpuMilli: 0, memoryBytes: 0 }
  const cpu = Math.min(1, parseMilliNumber(capacity.cpu ?? '0') / (machine.cpus * 1000))
  const memory = Math.min(1, parseUnits(capacity.memory ?? '0') / machine.memoryBytes)
  return { cpuMilli: Math.ceil(held.cpuMilli * cpu), memoryBytes: Math.ceil(held.memoryBytes * memory) }
}

function less(capacity: Amounts, resource: string, change: (amount: string) => string): Amounts {
  const amount = capacity[resource]
  return amount === undefined ? {} : { [resource]: change(amount) }
}

function without(amount: string, bytes: number): string {
  return bytes === 0 ? amount : kibibytes(rest(parseUnits(amount), bytes))
}

function rest(amount: number, taken: number): number {
  return Math.max(0, amount - taken)
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`
}
