import type { Container, ContainerStatus, Pod, PodStatus, Probe } from '../../../shared/api/generated/core-v1.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Random } from '../../../shared/random.ts'
import { apiContainerId } from '../../container-id.ts'
import { containerStatusesOf } from '../../container-statuses.ts'
import type { ContainerState } from '../../runtime/runtime.ts'
import type { HandlerTarget } from '../handlers/handler-target.ts'
import type { StopReason } from '../pod-memory.ts'
import type { Health } from '../status/status-input.ts'
import { ProbeLoop } from './probe-loop.ts'
import type { ProbeKind } from './probe-state.ts'
import type { ProbeOutcome, Prober } from './prober.ts'

export interface PodProbesOptions {
  prober: Prober
  clock: Clock
  random: Random
  /** Some container's health turned. */
  onChange(): void
  /** Something to tell of a probe. */
  onNews(container: Container, kind: ProbeKind, outcome: ProbeOutcome): void
}

/** A container whose probes may run: it runs, and is through its postStart hook. */
export interface ProbedContainer {
  container: Container
  state: ContainerState
  podIP: string | undefined
}

type Loops = Partial<Record<ProbeKind, ProbeLoop>>

/** The probes of one Pod's running containers. */
export class PodProbes {
  readonly #options: PodProbesOptions
  readonly #loops = new Map<string, Loops>()
  readonly #bornMs: number
  #kinds: ReadonlySet<ProbeKind> = new Set(['startup', 'liveness', 'readiness'])

  constructor(options: PodProbesOptions) {
    this.#options = options
    this.#bornMs = options.clock.now()
  }

  /** Begins to probe what runs by now, and ends what does not any more. `before` is the status as the API has it. */
  sync(running: readonly ProbedContainer[], { status: before }: Pod): void {
    for (const [id, loops] of this.#loops) if (!running.some(({ state }) => state.id === id)) this.#end(id, loops)
    for (const { container, state, podIP } of running) {
      if (this.#loops.has(state.id)) continue
      this.#begin(state, { containerId: state.id, container, podIP }, knownBefore(before, state.id))
    }
  }

  health(containerId: string): Health {
    const loops = this.#loops.get(containerId)
    return { started: passes(loops?.startup), ready: passes(loops?.readiness) }
  }

  /** The containers that are to be restarted. */
  givenUp(): ReadonlyMap<string, StopReason> {
    const found = new Map<string, StopReason>()
    for (const [id, { liveness, startup }] of this.#loops) {
      if (startup?.result === 'failure') found.set(id, 'startupFailed')
      else if (liveness?.result === 'failure') found.set(id, 'livenessFailed')
    }
    return found
  }

  /** The Pod ends: nothing is restarted any more, and only readiness is still asked for. */
  keepReadinessOnly(): void {
    this.#kinds = new Set(['readiness'])
    for (const loop of this.#all()) if (loop.kind !== 'readiness') loop.stop()
  }

  /** Ends all probing; the health of each stays as it was. */
  freeze(): void {
    this.#kinds = new Set()
    for (const loop of this.#all()) loop.stop()
  }

  #all(): ProbeLoop[] {
    return [...this.#loops.values()].flatMap((loops) => Object.values(loops))
  }

  #begin(state: ContainerState, target: HandlerTarget, known: ContainerStatus | undefined): void {
    const loops: Loops = {}
    const { livenessProbe: liveness, readinessProbe: readiness, startupProbe: startup } = target.container
    const wasGood = { liveness: false, readiness: known?.ready ?? false, startup: known?.started ?? false }
    for (const [kind, probe] of Object.entries({ startup, liveness, readiness }) as [ProbeKind, Probe | undefined][]) {
      if (probe) loops[kind] = this.#loop(kind, probe, target, state, wasGood[kind], loops)
    }
    this.#loops.set(state.id, loops)
  }

  #loop(
    kind: ProbeKind,
    probe: Probe,
    target: HandlerTarget,
    { state }: ContainerState,
    initiallySuccessful: boolean,
    siblings: Loops,
  ): ProbeLoop {
    const { prober, clock, onNews } = this.#options
    const startedAtMs = state.phase === 'running' ? Date.parse(state.startedAt) : clock.now()
    const loop = new ProbeLoop({
      kind,
      probe,
      target,
      runsForMs: clock.now() - startedAtMs,
      jitterMs: this.#jitterMs(probe, startedAtMs),
      initiallySuccessful,
      prober,
      clock,
      isEnabled: () => (kind === 'startup' ? !passes(siblings.startup) : passes(siblings.startup)),
      onChange: () => this.#changed(kind, siblings),
      onNews: (outcome) => onNews(target.container, kind, outcome),
    })
    if (!this.#kinds.has(kind)) loop.stop()
    return loop
  }

  /** After a start of the agent the probes of all that runs already would come at once. */
  #jitterMs({ periodSeconds = 10 }: Probe, startedAtMs: number): number {
    return startedAtMs < this.#bornMs ? this.#options.random.next() * periodSeconds * 1000 : 0
  }

  /** What waited for the startup probe waits no longer. */
  #changed(kind: ProbeKind, { liveness, readiness }: Loops): void {
    if (kind === 'startup') for (const loop of [liveness, readiness]) loop?.hurry()
    this.#options.onChange()
  }

  #end(id: string, loops: Loops): void {
    for (const loop of Object.values(loops)) loop.stop()
    this.#loops.delete(id)
  }
}

function knownBefore(before: PodStatus | undefined, id: string): ContainerStatus | undefined {
  return containerStatusesOf(before).find(({ containerID }) => containerID === apiContainerId(id))
}

/** A probe that is not there always passes. */
function passes(loop: ProbeLoop | undefined): boolean {
  return loop === undefined || loop.result === 'success'
}
