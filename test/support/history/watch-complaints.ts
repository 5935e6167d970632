import type { Operation, WatchedEvent } from './operation.ts'
import type { WatchedSpan } from './watch-spans.ts'

/**
 * What is wrong with a watch that began before the first operation and has shown all: events in the order of their
 * revisions, none twice, each of a write that was made, and one for each write that was acknowledged.
 */
export function watchComplaints(history: readonly Operation[], events: readonly WatchedEvent[]): string[] {
  return [...orderComplaints(events), ...gaps(history, events), ...inventions(history, events)]
}

/**
 * What is wrong with watches that were broken off and begun anew: together as above, but for what happened while there
 * was none, and after the last event of each.
 */
export function spanComplaints(history: readonly Operation[], spans: readonly WatchedSpan[]): string[] {
  const all = spans.flatMap(({ events }) => events)
  const missing = spans.flatMap(({ from, events }) => {
    const last = events.at(-1)?.revision ?? from
    const writes = history.filter(({ answer }) => {
      return answer.type === 'written' && answer.revision > from && answer.revision <= last
    })
    return gaps(writes, events)
  })
  return [...orderComplaints(all), ...missing, ...inventions(history, all)]
}

function orderComplaints(events: readonly WatchedEvent[]): string[] {
  return events.flatMap((event, at) => {
    const before = events[at - 1]
    if (!before || event.revision > before.revision) return []
    const what = event.revision === before.revision ? 'twice' : `after ${before.revision}`
    return [`revision ${event.revision} of ${event.key} came ${what}`]
  })
}

function gaps(history: readonly Operation[], events: readonly WatchedEvent[]): string[] {
  const puts = new Set(events.filter(({ type }) => type === 'put').map(({ key, revision }) => `${key} ${revision}`))
  const deletions = countByKey(events.filter(({ type }) => type === 'delete'))
  const removals = countByKey(history.filter(({ answer }) => answer.type === 'removed'))
  const missing = history.flatMap(({ key, answer }) =>
    answer.type === 'written' && !puts.has(`${key} ${answer.revision}`)
      ? [`no event for ${key} ${answer.revision}`]
      : [],
  )
  const unseen = [...removals].filter(([key, count]) => (deletions.get(key) ?? 0) < count)
  return [...missing, ...unseen.map(([key]) => `a deletion of ${key} was not shown`)]
}

function inventions(history: readonly Operation[], events: readonly WatchedEvent[]): string[] {
  const values = new Set(history.flatMap(({ key, call }) => (call.type === 'write' ? [`${key} ${call.value}`] : [])))
  const invented = events.filter(({ key, value }) => !values.has(`${key} ${value}`))
  return invented.map(({ key, value }) => `${key} never was ${value}`)
}

function countByKey(items: readonly { key: string }[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { key } of items) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
