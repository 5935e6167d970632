import type { Clock, Timer } from '../../../shared/clock.ts'
import type { NetworkLog } from './network-log.ts'

/** To an agent that reads slowly nothing is sent until its backlog is below this. */
const BACKLOG_BYTES = 1024 * 1024
const BACKLOG_RETRY_MS = 100

export interface NetworkSenderDeps {
  clock: Clock
  log: Pick<NetworkLog, 'version' | 'messagesAfter'>
  send: (message: string) => void
  backlogBytes: () => number
}

/** Keeps one agent up to date with the log. It holds nothing of its own, however slow the agent. */
export class NetworkSender {
  readonly #deps: NetworkSenderDeps
  #sentVersion = 0
  #isLost = true
  #retry: Timer | undefined
  #isStopped = false

  constructor(deps: NetworkSenderDeps) {
    this.#deps = deps
  }

  /** The newest that the agent was sent; 0: none yet. */
  get sentVersion(): number {
    return this.#sentVersion
  }

  /** There may be something new. */
  wake(): void {
    const { clock, log, send, backlogBytes } = this.#deps
    const hasNews = this.#isLost ? log.version > 0 : log.version > this.#sentVersion
    if (this.#isStopped || this.#retry || !hasNews) return
    if (backlogBytes() > BACKLOG_BYTES) {
      this.#retry = clock.after(BACKLOG_RETRY_MS, () => {
        this.#retry = undefined
        this.wake()
      })
      return
    }
    const messages = log.messagesAfter(this.#isLost ? 0 : this.#sentVersion)
    this.#isLost = false
    this.#sentVersion = log.version
    for (const message of messages) send(message)
  }

  /** The agent could not follow. */
  resync(): void {
    this.#isLost = true
    this.wake()
  }

  stop(): void {
    this.#isStopped = true
    this.#retry?.cancel()
  }
}
