import type { Container, ContainerStatus, Pod, PodStatus, Probe } from '../../../shared/api/generated/core-v1.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { ContainerState } from '../../runtime/runtime.ts'
import type { StopReason } from '../pod-memory.ts'
import type { PodObservation } from '../pod-observation.ts'
import type { Health } from '../status/status-input.ts'
import { ProbeLoop } from './probe-loop.ts'
import type { ProbeKind } from './probe-state.ts'
import type { Prober, ProbeTarget } from './prober.ts'

export interface PodProbesOptions {
  prober: Prober
  clock: Clock
  /** Some container's health turned. */
  onChange(): void
  /** A probe failed: for the event. */
  onFailure(container: Container, message: string): void
}

type Loops = Partial<Record<ProbeKind, ProbeLoop>>

const TITLES = { liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' } as const

/** The probes of one Pod's running containers. */
export class PodProbes {
  readonly #options: PodProbesOptions
  readonly #loops = new Map<string, Loops>()

  constructor(options: PodProbesOptions) {
    this.#options = options
  }

  /** Begins to probe what runs by now, and ends what does not any more. `before` is the status as the API has it. */
  sync(pod: Pod, observed: PodObservation, hostIP: string | undefined, before: PodStatus | undefined): void {
    const running = observed.containers.filter(({ state }) => state.phase === 'running')
    for (const [id, loops] of this.#loops) if (!running.some((container) => container.id === id)) this.#end(id, loops)
    for (const state of running) {
      const container = pod.spec?.containers.find(({ name }) => name === state.name)
      if (!container || this.#loops.has(state.id)) continue
      const podIP = pod.spec?.hostNetwork ? hostIP : observed.sandbox?.ip
      const known = before?.containerStatuses?.find(({ containerID }) => containerID === `docker://${state.id}`)
      this.#begin(container, state, { containerId: state.id, container, podIP }, known)
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

  /** Ends all probing; the health of each stays as it was. */
  freeze(): void {
    for (const loops of this.#loops.values()) for (const loop of Object.values(loops)) loop.stop()
  }

  #begin(container: Container, state: ContainerState, target: ProbeTarget, known: ContainerStatus | undefined): void {
    const loops: Loops = {}
    const { livenessProbe: liveness, readinessProbe: readiness, startupProbe: startup } = container
    const wasGood = { liveness: false, readiness: known?.ready ?? false, startup: known?.started ?? false }
    for (const [kind, probe] of Object.entries({ startup, liveness, readiness }) as [ProbeKind, Probe | undefined][]) {
      if (probe) loops[kind] = this.#loop(kind, probe, target, state, wasGood[kind], loops)
    }
    this.#loops.set(state.id, loops)
  }

  #loop(
    kind: ProbeKind,
    probe: Probe,
    target: ProbeTarget,
    { state }: ContainerState,
    initiallySuccessful: boolean,
    siblings: Loops,
  ): ProbeLoop {
    const { prober, clock, onChange, onFailure } = this.#options
    return new ProbeLoop({
      kind,
      probe,
      target,
      startedAtMs: state.phase === 'running' ? Date.parse(state.startedAt) : clock.now(),
      initiallySuccessful,
      prober,
      clock,
      isEnabled: () => (kind === 'startup' ? !passes(siblings.startup) : passes(siblings.startup)),
      onChange,
      onFailure: (message) => onFailure(target.container, `${TITLES[kind]} probe failed: ${message}`),
    })
  }

  #end(id: string, loops: Loops): void {
    for (const loop of Object.values(loops)) loop.stop()
    this.#loops.delete(id)
  }
}

/** A probe that is not there always passes. */
function passes(loop: ProbeLoop | undefined): boolean {
  return loop === undefined || loop.result === 'success'
}
