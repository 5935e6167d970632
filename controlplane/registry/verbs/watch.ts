import { setMaxListeners } from 'node:events'
import type { Kind } from '../../../shared/api/kinds.ts'
import type { Store, StoreEvent } from '../../store/store.ts'
import { entryOf, farewellOf } from '../entry-codec.ts'
import type { EntryEvent, WatchOptions } from '../registry.ts'
import type { RegistryContext } from '../registry-context.ts'
import { type SelectionFilter, selectionFilter } from '../selection-filter.ts'
import { withTicks } from './with-ticks.ts'

const BOOKMARK_INTERVAL_MS = 60_000

/** Not a generator itself, so that a bad selection is refused before anything is sent. */
export function watchEntries(
  context: RegistryContext,
  kind: Kind,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncIterable<EntryEvent> {
  return watchSelected(context, kind, selectionFilter(kind, options), options, signal)
}

async function* watchSelected(
  context: RegistryContext,
  kind: Kind,
  filter: SelectionFilter,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<EntryEvent> {
  let after = options.after ?? 0
  if (!after || options.sendInitialEvents) {
    after = yield* initialEvents(context.store, kind, filter)
    if (options.sendInitialEvents) yield { type: 'BOOKMARK', revision: after, initialEventsEnd: true }
  }
  const reading = new AbortController()
  const stop = () => reading.abort()
  setMaxListeners(0, signal) // many watches may share one, and Node would call that a leak
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    const events = context.store.watch(filter.prefix, after, reading.signal)
    for await (const event of options.bookmarks ? ticking(context, events) : events) {
      if (event.type === 'tick') yield { type: 'BOOKMARK', revision: event.value }
      else {
        const seen = selected(kind, filter, event)
        if (seen) yield seen
      }
    }
  } finally {
    stop() // also where the reader leaves early: the store must not keep waiting for it
    signal.removeEventListener('abort', stop)
  }
}

function ticking(context: RegistryContext, events: AsyncIterable<StoreEvent>) {
  return withTicks(events, context.clock, BOOKMARK_INTERVAL_MS, () => context.store.revision)
}

/** ADDED for all that there is; returns the revision of that state. */
async function* initialEvents(store: Store, kind: Kind, filter: SelectionFilter): AsyncGenerator<EntryEvent, number> {
  const { items, revision } = await store.list(filter.prefix)
  for (const stored of items) {
    const entry = entryOf(kind, stored)
    if (!filter.isSelective || filter.matches(entry)) yield { type: 'ADDED', entry, revision: entry.revision }
  }
  return revision
}

/** An object that begins or ceases to match is added or deleted, for those who see only the selection. */
function selected(kind: Kind, filter: SelectionFilter, event: StoreEvent): EntryEvent | undefined {
  const { revision, previous } = event
  const matches = (stored: typeof previous) =>
    stored !== undefined && (!filter.isSelective || filter.matches(entryOf(kind, stored)))
  const isIn = event.type === 'put' && matches(event.stored)
  const wasIn = matches(previous)
  if (isIn) return { type: wasIn ? 'MODIFIED' : 'ADDED', entry: entryOf(kind, event.stored), revision }
  if (wasIn && previous) return { type: 'DELETED', entry: farewellOf(kind, event, previous), revision }
  return undefined
}
