import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import type { NotedContainer, Runtime } from '../../runtime/runtime.ts'

export interface PreStopRecordOptions {
  runtime: Pick<Runtime, 'keepNote' | 'note'>
  clock: Clock
  log: Logger
}

/** How far a preStop hook is; the time is of the wall clock. */
export type PreStopState = { state: 'begun'; begunAtMs: number } | { state: 'returned' }

/**
 * How far containers' preStop hooks are, kept with the containers, so that the next agent runs none again. It holds up no
 * end: what cannot be noted is not, and what cannot be read counts as not begun.
 */
export class PreStopRecord {
  readonly #options: PreStopRecordOptions

  constructor(options: PreStopRecordOptions) {
    this.#options = options
  }

  async read(container: NotedContainer): Promise<PreStopState | undefined> {
    try {
      const note = await this.#options.runtime.note(container)
      return note === undefined ? undefined : (JSON.parse(note) as PreStopState)
    } catch (err) {
      this.#options.log.warn({ err, container: container.id }, 'cannot see whether a preStop hook was run already')
      return undefined
    }
  }

  begun(container: NotedContainer): Promise<void> {
    return this.#keep(container, { state: 'begun', begunAtMs: this.#options.clock.now() })
  }

  returned(container: NotedContainer): Promise<void> {
    return this.#keep(container, { state: 'returned' })
  }

  async #keep(container: NotedContainer, state: PreStopState): Promise<void> {
    try {
      await this.#options.runtime.keepNote(container, JSON.stringify(state))
    } catch (err) {
      this.#options.log.debug({ err, container: container.id }, 'could not note how far a preStop hook is')
    }
  }
}
