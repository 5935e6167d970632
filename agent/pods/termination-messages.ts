import { buffer } from 'node:stream/consumers'
import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import type { Clock } from '../../shared/clock.ts'
import { endOf } from '../container-statuses.ts'
import { MAX_TERMINATION_MESSAGE_BYTES, type Runtime } from '../runtime/runtime.ts'
import { withinTime } from '../within-time.ts'
import { ephemeralContainersOf } from './ephemeral-containers.ts'
import { attemptsOf, type ExitedContainer, isExited, type PodObservation } from './pod-observation.ts'

export interface TerminationMessagesOptions {
  runtime: Pick<Runtime, 'terminationMessage' | 'logs'>
  clock: Clock
}

/** For the messages of all containers of a Pod together. */
const MAX_POD_MESSAGE_BYTES = 12 * 1024
const LOG_BYTES = 2048
const LOG_LINES = 80
const READ_TIMEOUT_MS = 10_000

/** What the ended containers of one Pod had to say, by their id: read once, when a container is seen to have ended. */
export class TerminationMessages {
  readonly #options: TerminationMessagesOptions
  readonly #known = new Map<string, string>()

  constructor(options: TerminationMessagesOptions) {
    this.#options = options
  }

  /** Empty where there is none, or none is known yet. */
  of(containerId: string): string {
    return this.#known.get(containerId) ?? ''
  }

  /** Learns of what has ended since. What cannot be read now is tried again the next time, and holds up nothing. */
  async read(pod: Pod, observed: PodObservation): Promise<void> {
    const { initContainers = [], containers: main = [] } = pod.spec ?? {}
    const containers = [...initContainers, ...main, ...ephemeralContainersOf(pod)]
    const limit = Math.min(MAX_TERMINATION_MESSAGE_BYTES, Math.floor(MAX_POD_MESSAGE_BYTES / containers.length))
    for (const container of containers) {
      const [latest, ...before] = attemptsOf(observed, container.name)
      for (const attempt of before) this.#learn(attempt.id, inApi(pod, attempt.id), limit)
      // The file is used again by the next instance: only the newest has its own words in it.
      if (!isExited(latest) || this.#known.has(latest.id)) continue
      const message = inApi(pod, latest.id) ?? (await this.#read(container, latest).catch(() => undefined))
      this.#learn(latest.id, message, limit)
    }
    this.#forgetAllBut(observed)
  }

  #learn(id: string, message: string | undefined, limitBytes: number): void {
    if (message === undefined || this.#known.has(id)) return
    this.#known.set(id, Buffer.from(message).subarray(0, limitBytes).toString('utf8'))
  }

  async #read({ terminationMessagePolicy }: Container, { id, state }: ExitedContainer): Promise<string> {
    if (state.error !== undefined) return ''
    const { runtime, clock } = this.#options
    return withinTime(
      clock,
      READ_TIMEOUT_MS,
      () => 'the termination message could not be read in time',
      async (signal) => {
        const message = (await runtime.terminationMessage(id, signal)) ?? ''
        const mayUseLog = terminationMessagePolicy === 'FallbackToLogsOnError' && state.exitCode !== 0
        return message === '' && mayUseLog ? this.#endOfLog(id, signal) : message
      },
    )
  }

  async #endOfLog(id: string, signal: AbortSignal): Promise<string> {
    const options = { follow: false, timestamps: false, tailLines: LOG_LINES }
    const log = await buffer(await this.#options.runtime.logs(id, options, signal))
    return log.subarray(-LOG_BYTES).toString('utf8')
  }

  #forgetAllBut({ containers }: PodObservation): void {
    for (const id of this.#known.keys()) {
      if (!containers.some((container) => container.id === id)) this.#known.delete(id)
    }
  }
}

/** An earlier agent has read it. */
function inApi({ status }: Pod, id: string): string | undefined {
  return endOf(status, id)?.message || undefined
}
