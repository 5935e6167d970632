import type { Clock } from '../../../shared/clock.ts'
import { type ContainerResources, type ContainerState, type Runtime, RuntimeFailure } from '../../runtime/runtime.ts'
import type { ResizeTry } from '../pod-memory.ts'
import { isBelowUse } from './resize-actions.ts'

const RETRY_MS = 10_000

/** Gives running containers of one Pod other resources, and remembers each try. */
export class ContainerResizer {
  readonly #runtime: Runtime
  readonly #clock: Clock
  readonly #tries = new Map<string, ResizeTry>()

  constructor({ runtime, clock }: { runtime: Runtime; clock: Clock }) {
    this.#runtime = runtime
    this.#clock = clock
  }

  /** The last one of each container, by its id. */
  get tries(): ReadonlyMap<string, ResizeTry> {
    return this.#tries
  }

  async resize({ id, name }: ContainerState, resources: ContainerResources): Promise<void> {
    try {
      const used = (await this.#runtime.usage([id])).get(id)?.workingSetBytes ?? 0
      if (isBelowUse(resources, used)) {
        const limits = `(new: ${resources.memoryLimitBytes}, used: ${used})`
        throw new RuntimeFailure(
          'invalid',
          `attempting to set the memory limit of ${name} below current usage ${limits}`,
        )
      }
      await this.#runtime.updateContainer(id, resources)
      this.#remember(id, resources, 'the container runtime did not apply it')
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error
      this.#remember(id, resources, error.message)
    }
  }

  forgetAllBut(containers: readonly ContainerState[]): void {
    for (const id of this.#tries.keys()) if (!containers.some((each) => each.id === id)) this.#tries.delete(id)
  }

  #remember(id: string, resources: ContainerResources, message: string): void {
    this.#tries.set(id, { resources, message, retryAtMs: this.#clock.monotonic() + RETRY_MS })
  }
}
