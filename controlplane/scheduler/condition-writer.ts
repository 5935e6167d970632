import { isApiError } from '../../shared/api/api-error.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Client } from '../client/client.ts'
import { saysAll, type Unscheduled, writeUnscheduled } from './scheduled-condition.ts'

interface Decision {
  readonly pod: Persisted<Pod>
  readonly why: Unscheduled
}

/**
 * Writes why Pods have no node yet. Of one Pod one write is under way at a time: two could end in the other order, and an
 * old nomination would come back as news. Best effort: what fails is logged, and written with the next decision.
 */
export class ConditionWriter {
  readonly #deps: { client: Client; clock: Clock; log: Logger }
  /** By UID, of each Pod of which a write is under way: what was decided since. */
  readonly #next = new Map<string, Decision | undefined>()

  constructor(deps: { client: Client; clock: Clock; log: Logger }) {
    this.#deps = deps
  }

  /** `pod` as it was when that was decided; where it says all of it, there is nothing to write. */
  write(pod: Persisted<Pod>, why: Unscheduled): void {
    const { uid } = pod.metadata
    if (this.#next.has(uid)) {
      // Of those that are skipped, the nomination holds where the newest has none.
      this.#next.set(uid, { pod, why: { ...this.#next.get(uid)?.why, ...why } })
    } else if (!saysAll(pod, why)) void this.#writeAll({ pod, why })
  }

  async #writeAll(first: Decision): Promise<void> {
    const { client, clock, log } = this.#deps
    const { uid } = first.pod.metadata
    for (let next: Decision | undefined = first; next; next = this.#next.get(uid)) {
      this.#next.set(uid, undefined)
      await writeUnscheduled(client, clock, next.pod, next.why).catch((error: unknown) => {
        if (!isApiError(error, 'NotFound'))
          log.debug({ pod: first.pod.metadata.name, err: error }, 'condition not written')
      })
    }
    this.#next.delete(uid)
  }
}
