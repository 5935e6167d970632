import {
  DEFAULT_EVICTION_THRESHOLDS,
  type EvictionAmount,
  type EvictionSignal,
  type EvictionThreshold,
} from './eviction-threshold.ts'

/** When Pods have to go, and how. */
export interface EvictionPolicy {
  /** Hard and soft ones. */
  thresholds: readonly EvictionThreshold[]
  /** What a Pod is given at most to end at a soft threshold; below 0 what it asks for. */
  maxPodGraceSeconds: number
  /** Pressure is told for so long after it was seen last. */
  transitionMs: number
}

/** The kubelet's, but for the thresholds. */
export const DEFAULT_EVICTION_POLICY: EvictionPolicy = {
  thresholds: DEFAULT_EVICTION_THRESHOLDS,
  maxPodGraceSeconds: 0,
  transitionMs: 300_000,
}

/** As they are given one by one. */
export interface EvictionSettings {
  hard: readonly EvictionThreshold[]
  soft: readonly EvictionThreshold[]
  softGraceMs: ReadonlyMap<EvictionSignal, number>
  minimumReclaim: ReadonlyMap<EvictionSignal, EvictionAmount>
}

/** All thresholds together. Throws an Error, in the kubelet's words, where a soft one has no grace period. */
export function allThresholds({ hard, soft, softGraceMs, minimumReclaim }: EvictionSettings): EvictionThreshold[] {
  const withGrace = soft.map((threshold) => {
    const graceMs = softGraceMs.get(threshold.signal)
    if (graceMs !== undefined) return { ...threshold, graceMs }
    throw new Error(`grace period must be specified for the soft eviction threshold ${threshold.signal}`)
  })
  return [...hard, ...withGrace].map((threshold) => {
    const reclaim = minimumReclaim.get(threshold.signal)
    return reclaim ? { ...threshold, minimumReclaim: reclaim } : threshold
  })
}
