import type { Probe } from '../../../shared/api/generated/core-v1.ts'
import type { Clock, Timer } from '../../../shared/clock.ts'
import { initialProbeState, nextProbeState, type ProbeKind, type ProbeState } from './probe-state.ts'
import type { Prober, ProbeTarget } from './prober.ts'

export interface ProbeLoopOptions {
  kind: ProbeKind
  probe: Probe
  target: ProbeTarget
  startedAtMs: number
  /** Known to be good from an earlier agent. */
  initiallySuccessful: boolean
  prober: Prober
  clock: Clock
  /** Outcomes count only while this holds: the other probes wait for the startup probe. */
  isEnabled(): boolean
  /** The result turned. */
  onChange(): void
  onFailure(message: string): void
}

/** Runs one probe of one container at its period, until it is stopped. */
export class ProbeLoop {
  readonly #options: ProbeLoopOptions
  #state: ProbeState
  #timer: Timer | undefined
  #stopped = false
  #lastMessage: string | undefined

  constructor(options: ProbeLoopOptions) {
    this.#options = options
    this.#state = initialProbeState(options.kind)
    if (options.initiallySuccessful) this.#state = { ...this.#state, result: 'success' }
    const { clock, probe, startedAtMs } = options
    const firstAtMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000
    this.#schedule(Math.max(0, firstAtMs - clock.now()))
  }

  get result(): ProbeState['result'] {
    return this.#state.result
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.after(delayMs, () => void this.#run())
  }

  async #run(): Promise<void> {
    const { clock, kind, probe, prober, target, isEnabled } = this.#options
    const periodMs = (probe.periodSeconds ?? 10) * 1000
    const begunMs = clock.monotonic()
    if (isEnabled()) this.#take(await prober.probe(probe, target))
    if (kind === 'startup' && this.result === 'success') return
    this.#schedule(Math.max(0, periodMs - (clock.monotonic() - begunMs)))
  }

  #take({ success, message }: { success: boolean; message: string }): void {
    if (this.#stopped) return
    const before = this.result
    this.#state = nextProbeState(this.#state, this.#options.probe, success)
    // One failure after the other is told once, unless it says something new.
    if (!success && message !== this.#lastMessage) this.#options.onFailure(message)
    this.#lastMessage = success ? undefined : message
    if (this.result !== before) this.#options.onChange()
  }
}
