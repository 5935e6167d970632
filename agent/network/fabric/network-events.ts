import { Backoff } from '../../../shared/backoff.ts'
import { type Clock, sleep } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'

export interface NetworkEventsOptions {
  runtime: Pick<Runtime, 'networkEvents'>
  clock: Clock
  log: Logger
}

/** Calls whenever something happened to the node's own containers, or may have, until `signal` aborts. */
export async function followEvents(
  { runtime, clock, log }: NetworkEventsOptions,
  signal: AbortSignal,
  happened: () => void,
): Promise<void> {
  const backoff = new Backoff({ initialMs: 500, maxMs: 10_000 })
  while (!signal.aborted) {
    try {
      for await (const _ of runtime.networkEvents(signal)) {
        backoff.reset()
        happened()
      }
    } catch (error) {
      log.warn({ err: error }, 'lost the events of the container runtime')
    }
    await sleep(clock, backoff.next(), signal).catch(() => undefined)
    // Nobody knows what was missed.
    happened()
  }
}
