import type { Probe } from '../../../shared/api/generated/core-v1.ts'
import type { Clock, Timer } from '../../../shared/clock.ts'
import type { HandlerTarget } from '../handlers/handler-target.ts'
import { initialProbeState, nextProbeState, type ProbeKind, type ProbeState } from './probe-state.ts'
import type { ProbeOutcome, Prober } from './prober.ts'

export interface ProbeLoopOptions {
  kind: ProbeKind
  probe: Probe
  target: HandlerTarget
  /** How long the container has run; by the wall clock, which may have jumped. */
  runsForMs: number
  /** To be added before the first probe. */
  jitterMs: number
  /** Known to be good from an earlier agent. */
  initiallySuccessful: boolean
  prober: Prober
  clock: Clock
  /** Outcomes count only while this holds: the other probes wait for the startup probe. */
  isEnabled(): boolean
  /** The result turned. */
  onChange(): void
  /** To be told: a failure, an odd success, or that the probe could not be made. */
  onNews(outcome: ProbeOutcome): void
}

/** Runs one probe of one container at its period, until it is stopped or has given the container up. */
export class ProbeLoop {
  readonly #options: ProbeLoopOptions
  #state: ProbeState
  #timer: Timer | undefined
  #isStopped = false
  #hasBegun = false
  #isAsking = false

  constructor(options: ProbeLoopOptions) {
    this.#options = options
    this.#state = initialProbeState(options.kind)
    if (options.initiallySuccessful) this.#state = { ...this.#state, result: 'success' }
    const delayMs = (options.probe.initialDelaySeconds ?? 0) * 1000
    const leftMs = Math.min(Math.max(0, delayMs - options.runsForMs), delayMs)
    this.#schedule(leftMs + options.jitterMs)
  }

  get kind(): ProbeKind {
    return this.#options.kind
  }

  get result(): ProbeState['result'] {
    return this.#state.result
  }

  /** The next probe comes now, unless one is under way or the initial delay is not over. */
  hurry(): void {
    if (this.#isAsking || !this.#hasBegun) return
    this.#timer?.cancel()
    this.#schedule(0)
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return
    this.#timer = this.#options.clock.after(delayMs, () => void this.#run())
  }

  async #run(): Promise<void> {
    const { clock, probe, prober, target, isEnabled } = this.#options
    const periodMs = (probe.periodSeconds ?? 10) * 1000
    const begunMs = clock.monotonic()
    this.#hasBegun = true
    if (isEnabled()) {
      this.#isAsking = true
      this.#take(await prober.probe(probe, target))
      this.#isAsking = false
    }
    if (!this.#isOver()) this.#schedule(Math.max(0, periodMs - (clock.monotonic() - begunMs)))
  }

  /** The startup probe is, once it has passed; and nothing more is asked of a container that will be restarted. */
  #isOver(): boolean {
    const { kind } = this.#options
    return kind !== 'readiness' && (this.result === 'failure' || (kind === 'startup' && this.result === 'success'))
  }

  #take(outcome: ProbeOutcome): void {
    if (this.#isStopped) return
    const before = this.result
    const { success, message } = outcome
    if (success !== undefined) this.#state = nextProbeState(this.#state, this.#options.probe, success)
    if (!success || message !== '') this.#options.onNews(outcome)
    if (this.result !== before) this.#options.onChange()
  }
}
