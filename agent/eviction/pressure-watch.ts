import type { EvictionPolicy } from './eviction-policy.ts'
import {
  type EvictionSignal,
  type EvictionThreshold,
  isMet,
  isUnresolved,
  type Observation,
} from './eviction-threshold.ts'

/** Which thresholds are met, and since when. All times are of the monotonic clock. */
export class PressureWatch {
  readonly #policy: Pick<EvictionPolicy, 'thresholds' | 'transitionMs'>
  readonly #metSince = new Map<EvictionThreshold, number>()
  readonly #shortAt = new Map<EvictionSignal, number>()
  #due: readonly EvictionThreshold[] = []

  constructor(policy: Pick<EvictionPolicy, 'thresholds' | 'transitionMs'>) {
    this.#policy = policy
  }

  /** A new look at what there is. */
  update(seen: ReadonlyMap<EvictionSignal, Observation>, nowMs: number): void {
    const met = this.#policy.thresholds.filter((threshold) => {
      const observation = seen.get(threshold.signal)
      if (!observation) return false
      return this.#due.includes(threshold) ? isUnresolved(threshold, observation) : isMet(threshold, observation)
    })
    for (const threshold of this.#metSince.keys()) if (!met.includes(threshold)) this.#metSince.delete(threshold)
    for (const threshold of met) {
      this.#metSince.set(threshold, this.#metSince.get(threshold) ?? nowMs)
      this.#shortAt.set(threshold.signal, nowMs)
    }
    this.#due = met.filter((threshold) => nowMs - (this.#metSince.get(threshold) ?? nowMs) >= (threshold.graceMs ?? 0))
  }

  /** What is short, or was a short while ago: Pods that come and go must not make a node's pressure do so too. */
  short(nowMs: number): Set<EvictionSignal> {
    const recent = [...this.#shortAt].filter(([, at]) => at === nowMs || nowMs - at < this.#policy.transitionMs)
    return new Set(recent.map(([signal]) => signal))
  }

  /** Those for which Pods have to go now. */
  due(): readonly EvictionThreshold[] {
    return this.#due
  }
}
