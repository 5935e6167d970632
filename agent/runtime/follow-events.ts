import { Backoff } from '../../shared/backoff.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { keepRunning } from '../keep-trying.ts'

export interface FollowedEvents<T> {
  /** As `Runtime.events`. */
  events(signal: AbortSignal): AsyncIterable<T>
  happened(event: T): void
  /** It listens anew: something may have happened meanwhile that no event tells of. */
  missed(): void
  clock: Clock
  log: Logger
}

const BACKOFF = { initialMs: 500, maxMs: 10_000 }

/**
 * Follows events of the container runtime from the call on, listening anew whenever they break off, until `signal` aborts.
 * Never rejects.
 */
export async function followEvents<T>(followed: FollowedEvents<T>, signal: AbortSignal): Promise<void> {
  const { clock, log } = followed
  const backoff = new Backoff(BACKOFF)
  let isFirst = true
  const listen = async () => {
    const events = followed.events(signal)
    if (!isFirst) followed.missed()
    isFirst = false
    for await (const event of events) {
      backoff.reset()
      followed.happened(event)
    }
  }
  const failed = (err: unknown) => log.warn({ err }, 'lost the events of the container runtime')
  await keepRunning(listen, { clock, signal, restMs: () => backoff.next(), failed })
}
