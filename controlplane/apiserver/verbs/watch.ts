import { randomInt } from '../../../shared/random.ts'
import type { WatchOptions } from '../../registry/registry.ts'
import type { Handler } from '../handler.ts'
import { type ListQuery, readListQuery } from '../request/list-query.ts'

/** Watches that do not say how long they are to last end after half an hour to an hour, not all at once. */
const LEAST_TIMEOUT_SECONDS = 1_800

export const watch: Handler = async ({ kind, target, query, signal }, { registry, clock, random }) => {
  const wanted = readListQuery(query, target.namespace)
  const seconds = wanted.timeoutSeconds || LEAST_TIMEOUT_SECONDS + randomInt(random, LEAST_TIMEOUT_SECONDS)
  const ending = new AbortController()
  const timer = clock.after(seconds * 1000, () => ending.abort())
  const end = () => {
    timer.cancel()
    ending.abort()
  }
  try {
    const events = registry.watch(kind, optionsOf(wanted), AbortSignal.any([ending.signal, signal]))
    return { type: 'watch', events, end }
  } catch (error) {
    end()
    throw error
  }
}

function optionsOf({
  namespace,
  labels,
  fields,
  resourceVersion,
  sendInitialEvents,
  ...query
}: ListQuery): WatchOptions {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels ? { labels } : {}),
    ...(fields ? { fields } : {}),
    ...(resourceVersion && !sendInitialEvents ? { after: resourceVersion } : {}),
    ...(sendInitialEvents ? { sendInitialEvents } : {}),
    bookmarks: query.allowWatchBookmarks,
  }
}
