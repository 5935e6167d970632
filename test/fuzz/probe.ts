import { ApiHttp } from '../support/api-http.ts'
import type { Target } from './target.ts'

/** A well-behaved client beside the others: how long does it wait? */
export class Probe {
  readonly #api: ApiHttp
  readonly #timer: NodeJS.Timeout
  #since: number | undefined
  #longestMs = 0
  #failures: string[] = []

  constructor(target: Target, intervalMs = 100) {
    this.#api = new ApiHttp(target, target.tls)
    this.#timer = setInterval(() => void this.#ask(), intervalMs)
  }

  /** The longest wait since the last call, one that goes on included, and what went wrong meanwhile. */
  take(): { longestMs: number; failures: string[] } {
    const waitingMs = this.#since === undefined ? 0 : performance.now() - this.#since
    const taken = { longestMs: Math.max(this.#longestMs, waitingMs), failures: this.#failures }
    this.#longestMs = 0
    this.#failures = []
    return taken
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#api.close()
  }

  async #ask(): Promise<void> {
    if (this.#since !== undefined) return
    this.#since = performance.now()
    try {
      const { status } = await this.#api.get('/api/v1/namespaces/default')
      if (status !== 200) this.#failures.push(`the probe got ${status}`)
    } catch (error) {
      this.#failures.push(`the probe failed: ${(error as Error).message}`)
    }
    this.#longestMs = Math.max(this.#longestMs, performance.now() - this.#since)
    this.#since = undefined
  }
}
