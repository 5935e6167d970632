import { isApiError } from '../../shared/api/api-error.ts'
import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import { Backoff } from '../../shared/backoff.ts'
import { type Clock, sleep } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Client } from '../client/client.ts'
import { jittered } from './jitter.ts'

export interface ReflectorDeps {
  client: Client
  clock: Clock
  random: Random
  log: Logger
}

/** Where a reflector puts what it sees. */
export interface ReflectorTarget<T extends KubeObject> {
  /** All there is; what the target holds besides is gone. */
  replace(objects: readonly Persisted<T>[]): void
  put(object: Persisted<T>): void
  remove(object: Persisted<T>): void
}

const BACKOFF = { initialMs: 100, maxMs: 10_000 }

/**
 * Lists a kind into `target`, then follows its changes until `signal` aborts. A broken watch goes on from the last
 * version seen; one that the API no longer holds starts over with a list.
 */
export async function reflect<T extends KubeObject>(
  kind: Kind<T>,
  target: ReflectorTarget<T>,
  { client, clock, random, log }: ReflectorDeps,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff(BACKOFF)
  let resourceVersion: string | undefined

  const list = async (): Promise<string> => {
    const all = await client.list(kind)
    if (!signal.aborted) target.replace(all.items)
    return all.resourceVersion
  }
  const follow = async (from: string): Promise<void> => {
    for await (const event of client.watch(kind, { resourceVersion: from }, signal)) {
      if (signal.aborted) return
      backoff.reset()
      resourceVersion = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion
      if (event.type === 'DELETED') target.remove(event.object)
      else if (event.type !== 'BOOKMARK') target.put(event.object)
    }
  }

  while (!signal.aborted) {
    try {
      resourceVersion ??= await list()
      await follow(resourceVersion)
    } catch (error) {
      if (signal.aborted) return
      const isExpired = isApiError(error, 'Expired')
      if (isExpired) resourceVersion = undefined
      log[isExpired ? 'debug' : 'warn']({ kind: kind.plural, err: error }, 'watch broken')
    }
    await sleep(clock, jittered(backoff.next(), random), signal).catch(() => undefined)
  }
}
