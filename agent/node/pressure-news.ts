import type { NodeCondition } from '../../shared/api/generated/core-v1.ts'
import type { EventReport } from '../../shared/protocol/frames.ts'

/** The kubelet's reasons, for when a condition comes and when it goes. */
const REASONS = new Map<string, readonly [begins: string, ends: string]>([
  ['MemoryPressure', ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory']],
  ['DiskPressure', ['NodeHasDiskPressure', 'NodeHasNoDiskPressure']],
  ['PIDPressure', ['NodeHasInsufficientPID', 'NodeHasSufficientPID']],
])

/** Tells by events of the Node when it comes to be short of something, and when it is so no more. */
export class PressureNews {
  readonly #nodeName: string
  readonly #event: (event: EventReport) => void
  readonly #short = new Set<string>()

  constructor(nodeName: string, event: (event: EventReport) => void) {
    this.#nodeName = nodeName
    this.#event = event
  }

  /** The Node's conditions, whenever they may have changed. */
  take(conditions: readonly NodeCondition[]): void {
    for (const { type, status } of conditions) {
      const [begins, ends] = REASONS.get(type) ?? []
      if (begins === undefined || ends === undefined || this.#short.has(type) === (status === 'True')) continue
      if (status === 'True') this.#short.add(type)
      else this.#short.delete(type)
      const reason = status === 'True' ? begins : ends
      this.#event({ type: 'Normal', reason, message: `Node ${this.#nodeName} status is now: ${reason}` })
    }
  }
}
