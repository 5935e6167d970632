import { EVENTS, type Event } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { eventColumns } from '../tables/event-columns.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isDnsSubdomain, isQualifiedName } from '../validation/names.ts'

const WORD_MAX = 128
const MESSAGE_MAX = 1024

export const eventStrategy = strategy<Event>({
  kind: EVENTS,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source?.component || reportingComponent || '',
    type: ({ type }) => type ?? '',
  },
  columns: eventColumns,

  validate(event, errors) {
    const { involvedObject, metadata } = event
    const expected = involvedObject.namespace || 'default'
    if (metadata.namespace !== expected) {
      errors.invalid('involvedObject.namespace', involvedObject.namespace ?? '', 'does not match event.namespace')
    }
    if (event.eventTime) validateNewStyle(event, errors)
  },
})

/** Events with an `eventTime` follow the rules of events.k8s.io. */
function validateNewStyle(event: Event, errors: FieldErrors): void {
  if (!event.reportingComponent) errors.required('reportingComponent')
  else errors.check('reportingComponent', event.reportingComponent, isQualifiedName)
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[field]
    if (!text) errors.required(field)
    else if (text.length > WORD_MAX) errors.invalid(field, text, `can have at most ${WORD_MAX} characters`)
  }
  if (event.message && event.message.length > MESSAGE_MAX) {
    errors.invalid('message', event.message, `can have at most ${MESSAGE_MAX} characters`)
  }
}
