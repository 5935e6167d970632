import type { Target } from '../target.ts'
import { idleConnections, idleStrangers } from './idlers.ts'
import { halfOpenSockets, slowBodies, slowHeads } from './slow-writers.ts'
import { manyResets, manyStreams, oversizedHeaders } from './stream-abuse.ts'
import { oversizedUpgrades } from './upgrades.ts'
import { manyWatches, slowReaders } from './watchers.ts'

/** One way to wear a server out. It lasts a few seconds and leaves nothing open. */
export type Attack = (target: Target) => Promise<void>

export const ATTACKS: Readonly<Record<string, Attack>> = {
  slowHeads,
  slowBodies,
  halfOpenSockets,
  idleStrangers,
  idleConnections,
  manyResets,
  manyStreams,
  oversizedHeaders,
  oversizedUpgrades,
  manyWatches,
  slowReaders,
}
