import type { WatchEvent } from '../../../controlplane/client/client.ts'
import { PODS } from '../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../shared/api/object.ts'
import type { SimSeams } from '../../support/sim-seams.ts'

type Events = AsyncIterable<WatchEvent<KubeObject>>

/** Every so many events something goes wrong. */
const PERIOD = 20

/** One event in twenty of a watch of Pods does not arrive. */
export function dropWatchEvents(): SimSeams {
  return breakPodWatches(async function* (events) {
    let count = 0
    for await (const event of events) if (++count % PERIOD !== 0) yield event
  })
}

/** One in twenty arrives twice. */
export function duplicateWatchEvents(): SimSeams {
  return breakPodWatches(async function* (events) {
    let count = 0
    for await (const event of events) {
      yield event
      if (++count % PERIOD === 0) yield event
    }
  })
}

/** One in twenty is overtaken by the next. */
export function reorderWatchEvents(): SimSeams {
  return breakPodWatches(async function* (events) {
    let count = 0
    let late: WatchEvent<KubeObject> | undefined
    for await (const event of events) {
      if (++count % PERIOD === 0) {
        late = event
        continue
      }
      yield event
      if (late) yield late
      late = undefined
    }
  })
}

/** A watch that goes on from a version leaves out what was written next. */
export function skipOnResume(): SimSeams {
  return {
    client: (client) => ({
      ...client,
      watch: (kind, options, signal) => {
        const resourceVersion = String(Number(options.resourceVersion) + (kind.type === PODS.type ? 1 : 0))
        return client.watch(kind, { ...options, resourceVersion }, signal)
      },
    }),
  }
}

function breakPodWatches(broken: (events: Events) => Events): SimSeams {
  return {
    client: (client) => ({
      ...client,
      watch: (kind, options, signal) => {
        const events = client.watch(kind, options, signal)
        return kind.type === PODS.type ? (broken(events as unknown as Events) as typeof events) : events
      },
    }),
  }
}
