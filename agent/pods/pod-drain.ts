import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'

/** Ends what clients have with a Pod before its containers are told to end. */
export interface PodDrainer {
  /**
   * Resolves when nothing new comes to the Pod and what it was asked has been served; it may take for ever. Ends with
   * the signal. Never rejects. Undefined where there is nothing to wait for.
   */
  drain(pod: Persisted<Pod>, sandboxId: string | undefined, signal: AbortSignal): Promise<void> | undefined
}

/** For an agent without Services: nobody sends anything. */
export const NO_DRAIN: PodDrainer = { drain: () => undefined }

/** The most that is waited for clients, of a long grace period. */
const MOST_MS = 20_000
/** Of a shorter one, this share: the containers must have their time too. */
const SHARE = 0.5

/** The drain of one Pod, which runs beside the passes of its worker. */
export class PodDrain {
  readonly #drainer: PodDrainer
  readonly #onEnd: () => void
  readonly #stop = new AbortController()
  #state: { phase: 'idle' } | { phase: 'running'; sinceMs: number } | { phase: 'over' } = { phase: 'idle' }

  constructor(drainer: PodDrainer, onEnd: () => void) {
    this.#drainer = drainer
    this.#onEnd = onEnd
  }

  /** Does nothing the second time. */
  begin(pod: Persisted<Pod>, sandboxId: string | undefined, nowMs: number): void {
    if (this.#state.phase !== 'idle') return
    const draining = this.#drainer.drain(pod, sandboxId, this.#stop.signal)
    this.#state = draining ? { phase: 'running', sinceMs: nowMs } : { phase: 'over' }
    void draining?.then(() => {
      this.#state = { phase: 'over' }
      if (!this.#stop.signal.aborted) this.#onEnd()
    })
  }

  /** Until when the Pod's containers are not told to end, where they are to be gone by `deadlineMs`; undefined: it is over. */
  untilMs(deadlineMs: number): number | undefined {
    if (this.#state.phase !== 'running') return undefined
    const { sinceMs } = this.#state
    return sinceMs + Math.min(MOST_MS, Math.max(0, deadlineMs - sinceMs) * SHARE)
  }

  /** Gives up: they are told now, or somebody else sees to them. */
  stop(): void {
    this.#stop.abort(new Error('the Pod is not waited for any more'))
  }
}
