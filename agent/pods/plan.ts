import type { Container, LifecycleHandler } from '../../shared/api/generated/core-v1.ts'
import type { ContainerResources, ContainerState } from '../runtime/runtime.ts'
import type { PodMemory, StopReason } from './pod-memory.ts'

export type PodAction =
  | { type: 'runSandbox'; replacesDead: boolean }
  | { type: 'stopSandbox'; id: string }
  | { type: 'removeSandbox'; id: string }
  | StartContainer
  | RunPostStart
  | BeginStop
  | { type: 'stopContainer'; target: ContainerState; why: StopReason; killAtMs: number; notKilledBeforeMs?: number }
  | { type: 'killContainer'; target: ContainerState; why: StopReason; killAtMs: number }
  | { type: 'resizeContainer'; target: ContainerState; resources: ContainerResources }
  | { type: 'removeContainer'; id: string }
  | { type: 'removeVolumes' }

export interface StartContainer {
  type: 'startContainer'
  container: Container
  restartCount: number
  /** How long the restart after this instance is to wait; 0 for the first instance. */
  backoffMs: number
  /** The id of the running container whose processes it shall see. */
  targetId?: string
}

/** The hook is begun and not waited for. */
export interface RunPostStart {
  type: 'runPostStart'
  target: ContainerState
  container: Container
  hook: LifecycleHandler
}

/** The container will end, but has its hook to run or others to wait for before it is told. The hook is not waited for. */
export interface BeginStop {
  type: 'beginStop'
  target: ContainerState
  container: Container
  why: StopReason
  killAtMs: number
  preStop?: LifecycleHandler
}

export interface Plan {
  /** In the order in which to do them. */
  actions: PodAction[]
  /** When to look again if nothing happens before; monotonic. */
  wakeAtMs?: number
}

/** Wall-clock time is for what the runtime dates, monotonic time for all that is remembered. */
export interface PlanTime {
  nowMs: number
  monotonicMs: number
}

export class PlanBuilder {
  readonly #time: PlanTime
  readonly #actions: PodAction[] = []
  #wakeAtMs = Number.POSITIVE_INFINITY

  constructor(time: PlanTime) {
    this.#time = time
  }

  add(action: PodAction): void {
    this.#actions.push(action)
  }

  isStarting({ name }: Container): boolean {
    return this.#actions.some((action) => action.type === 'startContainer' && action.container.name === name)
  }

  /** True when that moment of the monotonic clock has come; otherwise the plan wakes then. */
  isDue(atMs: number | undefined): boolean {
    if (atMs === undefined || atMs <= this.#time.monotonicMs) return true
    this.#wakeAtMs = Math.min(this.#wakeAtMs, atMs)
    return false
  }

  /** The same for a wall-clock time. The difference comes first: a sum of both clocks has no room for parts of a millisecond. */
  isDueByWallClock(atMs: number): boolean {
    return this.isDue(this.#time.monotonicMs + (atMs - this.#time.nowMs))
  }

  /** Unless the last try failed so recently that it has to wait. */
  start(action: StartContainer, memory: PodMemory): void {
    if (this.isDue(memory.startFailures.get(action.container.name)?.retryAtMs)) this.add(action)
  }

  done(): Plan {
    const wake = Number.isFinite(this.#wakeAtMs) ? { wakeAtMs: this.#wakeAtMs } : {}
    // A start may wait for its image, and holds up what comes after it.
    const starts = this.#actions.filter(({ type }) => type === 'startContainer')
    const others = this.#actions.filter(({ type }) => type !== 'startContainer')
    return { actions: [...others, ...starts], ...wake }
  }
}
