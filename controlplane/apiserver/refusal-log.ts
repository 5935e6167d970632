import { isApiError } from '../../shared/api/api-error.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { RateLimit } from '../../shared/rate-limit.ts'
import type { HttpRequest } from './http/http-request.ts'

/** Lines for one address: so many at once, then one a second. Who is refused must not be able to fill the disk. */
const RATE = { burst: 100, refillMs: 1000 }
const LONGEST = 300

/** Tells the log of those who ask for what is not theirs. */
export class RefusalLog {
  readonly #log: Logger
  readonly #rate: RateLimit

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#log = log
    this.#rate = new RateLimit(clock, RATE)
  }

  /** Takes any error; those that are neither 401 nor 403 are none of its business. Says nothing of headers and bodies. */
  note({ method, url, socket }: HttpRequest, error: unknown): void {
    if (!isApiError(error, 'Unauthorized') && !isApiError(error, 'Forbidden')) return
    const from = socket?.remoteAddress ?? ''
    if (!this.#rate.take(from)) return
    const path = url?.split('?')[0]?.slice(0, LONGEST)
    this.#log.warn({ from, method, path, code: error.code, why: error.message.slice(0, LONGEST) }, 'request refused')
  }
}
