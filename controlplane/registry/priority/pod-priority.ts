import { ApiError } from '../../../shared/api/api-error.ts'
import type { PodSpec } from '../../../shared/api/generated/core-v1.ts'
import { PODS, type Pod, PRIORITY_CLASSES, type PriorityClass } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { StoredObjects } from '../stored-objects.ts'

/** What a class, or the lack of one, makes of a Pod. */
interface PodPriority {
  /** Empty where there is no class. */
  readonly className: string
  readonly priority: number
  readonly preemptionPolicy: string
}

const WITHOUT_CLASS: PodPriority = { className: '', priority: 0, preemptionPolicy: 'PreemptLowerPriority' }

/** Gives a new Pod what its PriorityClass says, or the default one. A Pod that says something else itself is refused. */
export async function admitPriority({ metadata, spec }: Pod, stored: StoredObjects): Promise<void> {
  const forbidden = (why: string) => ApiError.forbidden(PODS, metadata.name ?? '', why)
  const found = spec.priorityClassName ? await named(spec.priorityClassName, stored) : await byDefault(stored)
  if (!found) throw forbidden(`no PriorityClass with name ${spec.priorityClassName} was found`)
  const contradiction = contradictionOf(spec, found)
  if (contradiction) throw forbidden(contradiction)
  const { className, priority, preemptionPolicy } = found
  Object.assign(spec, { priority, preemptionPolicy, ...(className ? { priorityClassName: className } : {}) })
}

async function named(name: string, stored: StoredObjects): Promise<PodPriority | undefined> {
  const found = await stored.find(PRIORITY_CLASSES, { name })
  return found && saidBy(found)
}

/** Only one class may be the default one; should there be more, the lowest is. */
async function byDefault(stored: StoredObjects): Promise<PodPriority> {
  const names = [...(await stored.held(PRIORITY_CLASSES))]
  const defaults = await Promise.all(names.map((name) => named(name, stored)))
  const [lowest] = defaults.filter((one) => one !== undefined).sort((a, b) => a.priority - b.priority)
  return lowest ?? WITHOUT_CLASS
}

function saidBy({ metadata, value = 0, preemptionPolicy }: Persisted<PriorityClass>): PodPriority {
  return {
    className: metadata.name,
    priority: value,
    preemptionPolicy: preemptionPolicy ?? WITHOUT_CLASS.preemptionPolicy,
  }
}

function contradictionOf(spec: PodSpec, { priority, preemptionPolicy }: PodPriority): string | undefined {
  const computed = (value: number | string) =>
    `must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`
  if (spec.priority !== undefined && spec.priority !== priority) {
    return `the integer value of priority (${spec.priority}) ${computed(priority)}`
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    return `the string value of PreemptionPolicy (${spec.preemptionPolicy}) ${computed(preemptionPolicy)}`
  }
  return undefined
}
