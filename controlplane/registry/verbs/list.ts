import { ApiError } from '../../../shared/api/api-error.ts'
import type { Kind } from '../../../shared/api/kinds.ts'
import { Compacted, type Listing } from '../../store/store.ts'
import { decodeContinue, encodeContinue } from '../continue-token.ts'
import { entryOf } from '../entry-codec.ts'
import type { Entry, EntryList, ListOptions } from '../registry.ts'
import type { RegistryContext } from '../registry-context.ts'
import { type SelectionFilter, selectionFilter } from '../selection-filter.ts'

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. ' +
  'You must start a new list without the continue parameter.'

export async function listEntries(context: RegistryContext, kind: Kind, options: ListOptions): Promise<EntryList> {
  const filter = selectionFilter(kind, options)
  const { at, after } = startOf(filter, options)
  const limit = options.limit || Number.POSITIVE_INFINITY
  const { entries, last } = await collect(context, kind, filter, { at, after, limit })
  const { revision, remaining } = last
  if (remaining === 0) return { entries, revision }
  const key = last.items.at(-1)?.key ?? ''
  return {
    entries,
    revision,
    continue: encodeContinue({ revision, start: key.slice(filter.prefix.length) }),
    ...(filter.isSelective ? {} : { remainingItemCount: remaining }),
  }
}

interface Start {
  at?: number | undefined
  after?: string | undefined
}

function startOf(filter: SelectionFilter, options: ListOptions): Start {
  if (!options.continue) return { at: options.at }
  const token = decodeContinue(options.continue)
  return { at: token.revision, after: filter.prefix + token.start }
}

/** Pages of the store until `limit` entries match; all of one revision. */
async function collect(
  context: RegistryContext,
  kind: Kind,
  filter: SelectionFilter,
  start: Start & { limit: number },
) {
  const entries: Entry[] = []
  let { at, after } = start
  for (;;) {
    const last = await page(context, filter.prefix, { at, after, limit: start.limit - entries.length })
    const found = last.items.map((stored) => entryOf(kind, stored))
    entries.push(...(filter.isSelective ? found.filter(filter.matches) : found))
    if (last.remaining === 0 || entries.length >= start.limit) return { entries, last }
    at = last.revision
    after = last.items.at(-1)?.key
  }
}

async function page(context: RegistryContext, prefix: string, options: Start & { limit: number }): Promise<Listing> {
  const { at, after, limit } = options
  try {
    return await context.store.list(prefix, {
      ...(Number.isFinite(limit) ? { limit } : {}),
      ...(at === undefined ? {} : { at }),
      ...(after === undefined ? {} : { after }),
    })
  } catch (error) {
    if (error instanceof Compacted && after !== undefined) throw ApiError.expired(CONTINUE_EXPIRED)
    throw error
  }
}
