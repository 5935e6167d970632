import type { Container } from '../../shared/api/generated/core-v1.ts'
import type { ContainerState } from '../runtime/runtime.ts'
import type { PodMemory, StopReason } from './pod-memory.ts'

export type PodAction =
  | { type: 'runSandbox'; replacesDead: boolean }
  | { type: 'stopSandbox'; id: string }
  | { type: 'removeSandbox'; id: string }
  | StartContainer
  | { type: 'stopContainer'; target: ContainerState; why: StopReason; killAtMs: number }
  | { type: 'killContainer'; target: ContainerState; why: StopReason; killAtMs: number }
  | { type: 'removeContainer'; id: string }
  | { type: 'removeVolumes' }

export interface StartContainer {
  type: 'startContainer'
  container: Container
  restartCount: number
  /** How long the restart after this instance is to wait; 0 for the first instance. */
  backoffMs: number
}

export interface Plan {
  /** In the order in which to do them. */
  actions: PodAction[]
  /** When to look again if nothing happens before. */
  wakeAtMs?: number
}

/** How long after a KILL that showed no effect to send another. */
const KILL_AGAIN_MS = 10_000

export class PlanBuilder {
  readonly #nowMs: number
  readonly #actions: PodAction[] = []
  #wakeAtMs = Number.POSITIVE_INFINITY

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  add(action: PodAction): void {
    this.#actions.push(action)
  }

  /** True when that moment has come; otherwise the plan wakes then. */
  isDue(atMs: number | undefined): boolean {
    if (atMs === undefined || atMs <= this.#nowMs) return true
    this.#wakeAtMs = Math.min(this.#wakeAtMs, atMs)
    return false
  }

  /** Unless the last try failed so recently that it has to wait. */
  start(action: StartContainer, memory: PodMemory): void {
    if (this.isDue(memory.startFailures.get(action.container.name)?.retryAtMs)) this.add(action)
  }

  stop(target: ContainerState, why: StopReason, graceSeconds: number, memory: PodMemory): void {
    const killAtMs = memory.stopping.get(target.id)?.killAtMs ?? this.#nowMs + graceSeconds * 1000
    this.stopBy(target, why, killAtMs, memory)
  }

  /** TERM first, KILL at the deadline, and again while that shows no effect. */
  stopBy(target: ContainerState, why: StopReason, killAtMs: number, memory: PodMemory): void {
    const stopping = memory.stopping.get(target.id)
    if (this.isDue(killAtMs)) {
      const again = stopping?.killedAtMs === undefined ? undefined : stopping.killedAtMs + KILL_AGAIN_MS
      if (this.isDue(again)) this.add({ type: 'killContainer', target, why, killAtMs })
    } else if (!stopping) this.add({ type: 'stopContainer', target, why, killAtMs })
  }

  done(): Plan {
    const wake = Number.isFinite(this.#wakeAtMs) ? { wakeAtMs: this.#wakeAtMs } : {}
    return { actions: this.#actions, ...wake }
  }
}
