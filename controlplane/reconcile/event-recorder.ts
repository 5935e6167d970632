import { isApiError } from '../../shared/api/api-error.ts'
import type { EventSource, ObjectReference } from '../../shared/api/generated/core-v1.ts'
import { EVENTS, type Event } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import { type Clock, timestamp } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Client } from '../client/client.ts'
import { EventCorrelator } from './event-correlator.ts'
import { EventNames } from './event-names.ts'
import { LruMap } from './lru-map.ts'

/** Tells users what happened to an object. Best effort: it returns at once, never throws, and may drop. */
export interface EventRecorder {
  /** `fieldPath`: which part of the object, such as `spec.containers{web}`. */
  event(
    object: Persisted<KubeObject>,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    fieldPath?: string,
  ): void
}

export interface RecorderDeps {
  client: Client
  clock: Clock
  random: Random
  log: Logger
  /** Who tells it, such as `deployment-controller`. */
  component: string
}

/** One Event as it should stand; what the API holds lags behind while `isDirty`. */
interface EventRecord {
  readonly event: Event & { metadata: { namespace: string; name: string } }
  exists: boolean
  isDirty: boolean
  isWriting: boolean
}

const CAPACITY = 4096
const MAX_WRITES_IN_FLIGHT = 256
/** Records that wait for one of these to end. */
const MAX_WAITING = 1_000

/** Writes core/v1 Events; what repeats raises the count of one that exists. */
export function createEventRecorder(deps: RecorderDeps): EventRecorder {
  const correlator = new EventCorrelator(deps.clock)
  const names = new EventNames(deps.clock, deps.random)
  const records = new LruMap<string, EventRecord>(CAPACITY)
  const waiting = new Set<EventRecord>()
  let inFlight = 0

  const flushSoon = (record: EventRecord): void => {
    if (record.isWriting) return
    if (inFlight < MAX_WRITES_IN_FLIGHT) void flush(record)
    else if (waiting.size < MAX_WAITING) waiting.add(record)
  }
  const flush = async (record: EventRecord): Promise<void> => {
    record.isWriting = true
    inFlight++
    try {
      while (record.isDirty) {
        record.isDirty = false
        await write(deps.client, record)
      }
    } catch (error) {
      deps.log.debug({ event: record.event.metadata.name, err: error }, 'event not written')
    } finally {
      record.isWriting = false
      inFlight--
    }
    const [next] = waiting
    if (!next) return
    waiting.delete(next)
    flushSoon(next)
  }

  return {
    event(object, type, reason, message, fieldPath) {
      const found = correlator.correlate({ uid: object.metadata.uid, type, reason, message, fieldPath })
      const record = records.getOrCreate(found.key, () =>
        newRecord(deps, names, { ...referenceTo(object), ...(fieldPath ? { fieldPath } : {}) }, type, reason),
      )
      record.event.count = (record.event.count ?? 0) + 1
      record.event.lastTimestamp = timestamp(deps.clock.now())
      record.event.message = found.message
      if (found.isSpam) return
      record.isDirty = true
      flushSoon(record)
    },
  }
}

function newRecord(
  deps: RecorderDeps,
  names: EventNames,
  subject: ObjectReference,
  type: string,
  reason: string,
): EventRecord {
  const now = timestamp(deps.clock.now())
  const source: EventSource = { component: deps.component }
  const event = {
    metadata: { namespace: subject.namespace ?? 'default', name: names.next(subject.name ?? '') },
    involvedObject: subject,
    reason,
    type,
    source,
    reportingComponent: deps.component,
    reportingInstance: '',
    firstTimestamp: now,
  }
  return { event, exists: false, isDirty: false, isWriting: false }
}

function referenceTo({ apiVersion, kind, metadata }: Persisted<KubeObject>): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata
  return { apiVersion, kind, ...(namespace ? { namespace } : {}), name, uid, resourceVersion }
}

async function write(client: Client, record: EventRecord): Promise<void> {
  if (record.exists && (await raiseCount(client, record))) return
  await client.create(EVENTS, structuredClone(record.event))
  record.exists = true
}

/** False where the Event has expired. */
async function raiseCount(client: Client, { event }: EventRecord): Promise<boolean> {
  const { count, lastTimestamp, message } = event
  try {
    await client.modify(EVENTS, event.metadata, (draft) => {
      Object.assign(draft, { count, lastTimestamp, message })
    })
    return true
  } catch (error) {
    if (isApiError(error, 'NotFound')) return false
    throw error
  }
}
