import type { LifecycleHandler, Pod } from '../../../shared/api/generated/core-v1.ts'
import { messageOf } from '../../../shared/error-message.ts'
import type { Logger } from '../../../shared/log.ts'
import type { ContainerState, NotedContainer } from '../../runtime/runtime.ts'
import type { HandlerTarget } from '../handlers/handler-target.ts'
import type { PodEvents } from '../pod-events.ts'
import type { PodMemory } from '../pod-memory.ts'
import type { HookRunner } from './hook-runner.ts'
import type { PreStopRecord } from './pre-stop-record.ts'

export interface PodHooksOptions {
  runner: HookRunner
  preStops: PreStopRecord
  events: PodEvents
  log: Logger
  /** A hook has returned. */
  onReturn(): void
}

/**
 * The hooks of one Pod's containers, which run beside everything else. A postStart hook that was under way when the agent
 * ended is run again by the next agent, as Kubernetes documents it: delivered at least once. A preStop hook is not, as a
 * record of it is kept.
 */
export class PodHooks {
  readonly #options: PodHooksOptions
  readonly #postStarts = new Map<string, 'running' | 'done' | 'failed'>()
  readonly #stop = new AbortController()

  constructor(options: PodHooksOptions) {
    this.#options = options
  }

  get postStarts(): PodMemory['postStarts'] {
    return this.#postStarts
  }

  runPostStart(hook: LifecycleHandler, pod: Pod, target: HandlerTarget, onFailure: (message: string) => void): void {
    this.#postStarts.set(target.containerId, 'running')
    void this.#run(hook, pod, target).then((failure) => {
      if (this.#stop.signal.aborted) return
      this.#postStarts.set(target.containerId, failure === undefined ? 'done' : 'failed')
      if (failure !== undefined) {
        this.#tell(target, 'FailedPostStartHook', 'PostStartHook failed')
        onFailure(failure)
      }
      this.#options.onReturn()
    })
  }

  /** `onReturn` comes also after a failure, which stops nothing. */
  runPreStop(
    hook: LifecycleHandler,
    pod: Pod,
    target: HandlerTarget,
    container: NotedContainer,
    onReturn: () => void,
  ): void {
    void this.#runOnce(hook, pod, target, container).then((failure) => {
      if (this.#stop.signal.aborted) return
      if (failure !== undefined) this.#tell(target, 'FailedPreStopHook', 'PreStopHook failed')
      onReturn()
      this.#options.onReturn()
    })
  }

  forgetAllBut(containers: readonly ContainerState[]): void {
    for (const id of this.#postStarts.keys()) {
      if (!containers.some((container) => container.id === id)) this.#postStarts.delete(id)
    }
  }

  /** Leaves the hooks that run to themselves. */
  stop(): void {
    this.#stop.abort(new Error('the agent ends'))
  }

  /** Unless an earlier agent did, or began to: then its return is waited for. */
  async #runOnce(
    hook: LifecycleHandler,
    pod: Pod,
    target: HandlerTarget,
    container: NotedContainer,
  ): Promise<string | undefined> {
    const { preStops, runner } = this.#options
    const before = await preStops.read(container)
    if (before?.state === 'returned' || this.#stop.signal.aborted) return undefined
    const { signal } = this.#stop
    const noting = before ? undefined : preStops.begun(container)
    const failure = before
      ? await failureOf(runner.awaitBegun(hook, target, before.begunAtMs, signal))
      : await this.#run(hook, pod, target)
    await noting
    if (!signal.aborted) await preStops.returned(container)
    return failure
  }

  /** Why it failed, if it did. */
  #run(hook: LifecycleHandler, pod: Pod, target: HandlerTarget): Promise<string | undefined> {
    const tell = (reason: string, message: string) => this.#options.events.pod('Warning', reason, message)
    return failureOf(this.#options.runner.run(hook, pod, target, this.#stop.signal, tell))
  }

  /** What a command printed may be secret: it is in the container's status only, not in an event. */
  #tell({ container }: HandlerTarget, reason: string, message: string): void {
    this.#options.log.debug({ container: container.name, reason }, 'a lifecycle hook failed')
    this.#options.events.container(container, 'Warning', reason, message)
  }
}

async function failureOf(running: Promise<void>): Promise<string | undefined> {
  try {
    await running
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
