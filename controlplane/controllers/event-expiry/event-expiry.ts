import { EVENTS, type Event } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Client } from '../../client/client.ts'
import type { Controller, Requeue } from '../../reconcile/controller.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { unlessGoneOrChanged } from '../unless-gone.ts'

export interface EventExpiryOptions {
  /** How long an Event is kept after it happened last. */
  eventTtlMs?: number
}

const TTL_MS = 60 * 60_000
/** Rounds are rare and read the API itself: a copy of all Events would cost memory for nothing. */
const ROUNDS_PER_TTL = 12

/** Deletes Events that have not happened again for an hour. */
export class EventExpiry implements Controller {
  readonly name = 'event-expiry'
  readonly watches = []
  readonly initialKeys = ['events']
  readonly #client: Client
  readonly #clock: Clock
  readonly #ttlMs: number

  constructor(deps: ControllerDeps, { eventTtlMs = TTL_MS }: EventExpiryOptions = {}) {
    this.#client = deps.client
    this.#clock = deps.clock
    this.#ttlMs = eventTtlMs
  }

  async reconcile(): Promise<Requeue> {
    const { items } = await this.#client.list(EVENTS)
    const oldestMs = this.#clock.now() - this.#ttlMs
    for (const event of items) if (happenedMs(event) <= oldestMs) await this.#delete(event)
    return { requeueAfterMs: this.#ttlMs / ROUNDS_PER_TTL }
  }

  /** Unless it has just happened again. */
  async #delete({ metadata }: Persisted<Event>): Promise<void> {
    const { uid, resourceVersion } = metadata
    await unlessGoneOrChanged(this.#client.delete(EVENTS, metadata, { preconditions: { uid, resourceVersion } }))
  }
}

function happenedMs({ metadata, series, lastTimestamp, eventTime }: Persisted<Event>): number {
  return Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp)
}
