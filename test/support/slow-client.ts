import type { Client, WatchEvent } from '../../controlplane/client/client.ts'
import { type Clock, sleep } from '../../shared/clock.ts'
import { type Random, randomInt } from '../../shared/random.ts'

/** By how much calls and watch events are late, now and then. */
const LATE = { share: 0.15, maxMs: 250 }

/** A client whose calls take their time and whose watches lag, each by itself; nothing is lost or changes its place. */
export function slowClient(client: Client, clock: Clock, random: Random): Client {
  const delay = async () => {
    if (random.next() < LATE.share) await sleep(clock, randomInt(random, LATE.maxMs))
  }
  return new Proxy(client, {
    get: (target, name: keyof Client) => {
      const method = (target[name] as (...args: unknown[]) => unknown).bind(target)
      if (name === 'watch') return (...args: unknown[]) => late(method(...args) as Events, delay, clock)
      return async (...args: unknown[]) => {
        await delay()
        return method(...args)
      }
    },
  })
}

type Events = AsyncIterable<WatchEvent<never>>

/** What has piled up during a delay comes with it: a watch that goes on from long ago still catches up. */
async function* late(events: Events, delay: () => Promise<void>, clock: Clock): AsyncGenerator<WatchEvent<never>> {
  let cameMs: number | undefined
  for await (const event of events) {
    if (clock.monotonic() !== cameMs) await delay()
    cameMs = clock.monotonic()
    yield event
  }
}
