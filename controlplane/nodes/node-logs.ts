import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { RateLimit } from '../../shared/rate-limit.ts'

/** Lines about one node, over all its connections: so many at once, then one a second. */
const RATE = { burst: 100, refillMs: 1000 }

/** Logs with the node's name. What an agent does, however often, must not be able to fill the disk. */
export class NodeLogs {
  readonly #log: Logger
  readonly #rate: RateLimit
  readonly #leftOut = new Map<string, number>()

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#log = log
    this.#rate = new RateLimit(clock, RATE)
  }

  of(nodeName: string): Logger {
    const log = this.#log.child({ node: nodeName })
    const limited = (level: 'info' | 'warn' | 'error'): Logger[typeof level] => {
      const write = log[level].bind(log) as (...line: unknown[]) => void
      return (...line: unknown[]) => {
        if (this.#mayWrite(nodeName, log)) write(...line)
      }
    }
    return {
      debug: log.debug.bind(log) as Logger['debug'],
      info: limited('info'),
      warn: limited('warn'),
      error: limited('error'),
      child: (bindings) => log.child(bindings),
    }
  }

  #mayWrite(nodeName: string, log: Logger): boolean {
    const leftOut = this.#leftOut.get(nodeName) ?? 0
    if (!this.#rate.take(nodeName)) {
      this.#leftOut.set(nodeName, leftOut + 1)
      return false
    }
    if (this.#leftOut.delete(nodeName)) log.warn({ lines: leftOut }, 'lines about this node were left out')
    return true
  }
}
