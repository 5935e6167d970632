import type { Pod } from '../../shared/api/kinds.ts'
import type { Clock } from '../../shared/clock.ts'
import type { ContainerState, Runtime } from '../runtime/runtime.ts'
import type { HandlerTarget } from './handlers/handler-target.ts'
import type { PodHooks } from './hooks/pod-hooks.ts'
import type { BeginStop, PodAction } from './plan.ts'
import type { PodEvents } from './pod-events.ts'
import type { Stopping } from './pod-memory.ts'

export interface ContainerStopperOptions {
  runtime: Pick<Runtime, 'stopContainer' | 'killContainer'>
  clock: Clock
  events: PodEvents
  hooks: PodHooks
}

/** Ends the containers of one Pod, step by step as the plan says, and remembers how far each is. */
export class ContainerStopper {
  readonly #options: ContainerStopperOptions
  readonly #stopping = new Map<string, Stopping>()

  constructor(options: ContainerStopperOptions) {
    this.#options = options
  }

  /** Those that are being ended, by container ID. */
  get stopping(): ReadonlyMap<string, Stopping> {
    return this.#stopping
  }

  /** The hook runs beside the passes; `at` is where it finds its container. */
  begin({ target, why, killAtMs, preStop }: BeginStop, pod: Pod, at: HandlerTarget): void {
    const { events, hooks } = this.#options
    events.killing(target, why)
    const stopping: Stopping = { why, killAtMs, inPreStop: preStop !== undefined }
    this.#stopping.set(target.id, stopping)
    if (!preStop) return
    hooks.runPreStop(preStop, pod, at, target, () => {
      stopping.inPreStop = false
    })
  }

  async stop({ target, why, killAtMs, notKilledBeforeMs }: PodAction & { type: 'stopContainer' }): Promise<void> {
    const { runtime, clock, events } = this.#options
    events.killing(target, why)
    const late = notKilledBeforeMs === undefined ? {} : { notKilledBeforeMs }
    this.#stopping.set(target.id, { why, killAtMs, inPreStop: false, toldAtMs: clock.monotonic(), ...late })
    await runtime.stopContainer(target.id)
  }

  async kill({ target, why, killAtMs }: PodAction & { type: 'killContainer' }): Promise<void> {
    const { runtime, clock, events } = this.#options
    events.killing(target, why)
    const nowMs = clock.monotonic()
    const before = this.#stopping.get(target.id)
    this.#stopping.set(target.id, { inPreStop: false, toldAtMs: nowMs, ...before, why, killAtMs, killedAtMs: nowMs })
    await runtime.killContainer(target.id)
  }

  forgetAllBut(containers: readonly ContainerState[]): void {
    for (const id of this.#stopping.keys()) if (!containers.some((each) => each.id === id)) this.#stopping.delete(id)
  }
}
