import { ApiError } from '../../../shared/api/api-error.ts'
import { type Clock, sleep } from '../../../shared/clock.ts'
import type { EntryList, ListOptions } from '../../registry/registry.ts'
import type { Handler } from '../handler.ts'
import { type ListQuery, readListQuery } from '../request/list-query.ts'

/** How long a list waits for a revision that this server has not seen yet. */
const FRESHNESS_TIMEOUT_MS = 3_000
const FRESHNESS_POLL_MS = 100

export const list: Handler = async ({ kind, target, query, signal }, { registry, clock }) => {
  const wanted = readListQuery(query, target.namespace)
  const options = optionsOf(wanted)
  const read = () => registry.list(kind, options)
  return { type: 'list', list: await fresh(read, wanted.resourceVersion ?? 0, clock, signal) }
}

function optionsOf(query: ListQuery): ListOptions {
  const { namespace, labels, fields, limit, continue: token, resourceVersion: at } = query
  if (token !== undefined && at) {
    throw ApiError.badRequest('specifying resource version is not allowed when using continue')
  }
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels ? { labels } : {}),
    ...(fields ? { fields } : {}),
    ...(limit ? { limit } : {}),
    ...(token === undefined ? {} : { continue: token }),
    ...(at && isExact(query) ? { at } : {}),
  }
}

/** With a limit, and no word on how to match, a resource version means exactly this one. */
function isExact({ resourceVersionMatch, limit, resourceVersion }: ListQuery): boolean {
  if (resourceVersionMatch) return resourceVersionMatch === 'Exact'
  return Boolean(limit) && Boolean(resourceVersion)
}

async function fresh(
  read: () => Promise<EntryList>,
  notOlderThan: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<EntryList> {
  const deadline = clock.monotonic() + FRESHNESS_TIMEOUT_MS
  for (;;) {
    const found = await read()
    if (found.revision >= notOlderThan) return found
    if (clock.monotonic() >= deadline) throw tooLarge(notOlderThan, found.revision)
    await sleep(clock, FRESHNESS_POLL_MS, signal)
  }
}

function tooLarge(wanted: number, current: number): ApiError {
  return new ApiError('Timeout', `Too large resource version: ${wanted}, current: ${current}`, {
    retryAfterSeconds: 1,
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
  })
}
