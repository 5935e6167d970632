import { ApiError } from '../../../shared/api/api-error.ts'
import { PRIORITY_CLASSES, type PriorityClass } from '../../../shared/api/kinds.ts'
import { systemPriorityClass } from '../priority/system-priority-classes.ts'
import { type Allocation, strategy } from '../strategy.ts'
import { priorityClassColumns } from '../tables/priority-class-columns.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isDnsSubdomain } from '../validation/names.ts'

const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never']
const SYSTEM_PREFIX = 'system-'
const HIGHEST_VALUE = 1_000_000_000

/** Being the default is for one class at a time: its name stands for that. */
const allocation: Allocation<PriorityClass> = {
  heldBy: ({ metadata, globalDefault }) => (globalDefault ? [metadata.name ?? ''] : []),
  async allocate({ metadata, globalDefault }, { taken }) {
    if (!globalDefault) return
    const [other] = await taken()
    if (other === undefined) return
    const why = `PriorityClass ${other} is already marked as default. Only one default can exist`
    throw ApiError.forbidden(PRIORITY_CLASSES, metadata.name ?? '', why)
  },
}

export const priorityClassStrategy = strategy<PriorityClass>({
  kind: PRIORITY_CLASSES,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: {},
  columns: priorityClassColumns,
  allocation,
  /** It stays 1, as upstream. */
  generationFrom: () => undefined,

  applyDefaults(priorityClass) {
    priorityClass.value ??= 0
    priorityClass.preemptionPolicy ??= 'PreemptLowerPriority'
  },

  validate(priorityClass, errors) {
    validateValue(priorityClass, errors)
    errors.oneOf('preemptionPolicy', priorityClass.preemptionPolicy, PREEMPTION_POLICIES)
  },

  validateUpdate({ value, preemptionPolicy }, current, errors) {
    if (value !== current.value) errors.forbidden('value', 'may not be changed in an update.')
    if (preemptionPolicy === current.preemptionPolicy) return
    errors.invalid('preemptionPolicy', preemptionPolicy, 'field is immutable')
  },

  whyUndeletable: (name) =>
    systemPriorityClass(name) ? 'this is a system priority class and cannot be deleted' : undefined,
})

/** Names that begin with `system-`, and values beyond those of users, are for the classes that every cluster has. */
function validateValue(priorityClass: PriorityClass, errors: FieldErrors): void {
  if (priorityClass.metadata.name?.startsWith(SYSTEM_PREFIX)) {
    const why = whyUnknown(priorityClass)
    const reserved = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only`
    if (why) errors.forbidden('metadata.name', `${reserved}. error: ${why}`)
  } else if ((priorityClass.value ?? 0) > HIGHEST_VALUE) {
    errors.forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_VALUE}`)
  }
}

function whyUnknown({ metadata, value, globalDefault = false }: PriorityClass): string | undefined {
  const known = systemPriorityClass(metadata.name ?? '')
  if (!known) return `${metadata.name} is not a known system priority class`
  if (value !== known.value) return `value of ${metadata.name} PriorityClass must be ${known.value}`
  return globalDefault ? `globalDefault of ${metadata.name} PriorityClass must be false` : undefined
}
