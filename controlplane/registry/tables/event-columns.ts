import type { Event } from '../../../shared/api/kinds.ts'
import type { TableColumn } from '../strategy.ts'
import { column, nameColumn, wideColumn } from './common-columns.ts'
import { humanAge } from './human-duration.ts'

export const eventColumns: readonly TableColumn<Event>[] = [
  column('Last Seen', 'How long ago it happened last.', (event, nowMs) => humanAge(lastSeen(event), nowMs)),
  column('Type', 'Normal or Warning.', ({ type }) => type ?? ''),
  column('Reason', 'Why it happened, in a word.', ({ reason }) => reason ?? ''),
  column('Object', 'What it is about.', objectOf),
  wideColumn(
    'Subobject',
    'The part of the object that it is about.',
    ({ involvedObject }) => involvedObject.fieldPath ?? '',
  ),
  wideColumn('Source', 'Who reported it.', sourceOf),
  column('Message', 'What happened.', ({ message }) => (message ?? '').trim()),
  wideColumn('First Seen', 'How long ago it happened first.', (event, nowMs) => humanAge(firstSeen(event), nowMs)),
  wideColumn('Count', 'How often it happened.', ({ series, count }) => (series ? (series.count ?? 0) : count || 1)),
  { ...nameColumn, priority: 1 },
]

function firstSeen({ firstTimestamp, eventTime }: Event): string | undefined {
  return firstTimestamp || eventTime
}

function lastSeen(event: Event): string | undefined {
  if (event.series) return event.series.lastObservedTime
  return event.lastTimestamp || firstSeen(event)
}

function objectOf({ involvedObject: { kind = '', name } }: Event): string {
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase()
}

function sourceOf({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || ''
  const host = source?.host || reportingInstance
  return host ? `${component}, ${host}` : component
}
