import { ApiError } from '../../shared/api/api-error.ts'
import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject } from '../../shared/api/object.ts'
import { type FieldRequirement, matchesRequirements, type Requirement } from '../../shared/selectors.ts'
import type { Entry, Selection } from './registry.ts'
import { storagePrefix } from './storage-keys.ts'
import { strategyOf } from './strategies/index.ts'
import { isLabelValue, isQualifiedName } from './validation/names.ts'

/** A selection made ready: which keys to look at, and which of their objects to keep. */
export interface SelectionFilter {
  /** Every selected key begins with it. */
  readonly prefix: string
  /** False where the prefix says it all. */
  readonly isSelective: boolean
  matches(entry: Entry): boolean
}

type FieldReader = (object: KubeObject) => string

const NOT_A_NUMBER = "for 'Gt', 'Lt' operators, the value must be an integer"

const METADATA_FIELDS: Readonly<Record<string, FieldReader>> = {
  'metadata.name': (object) => object.metadata.name ?? '',
  'metadata.namespace': (object) => object.metadata.namespace ?? '',
}

/** Throws BadRequest on a field that the kind does not offer, and on labels that nothing can have. */
export function selectionFilter(kind: Kind, selection: Selection): SelectionFilter {
  const labels = selection.labels ?? []
  for (const requirement of labels) checkLabels(requirement)
  const fields = (selection.fields ?? []).map((requirement) => ({ requirement, read: readerOf(kind, requirement) }))
  return {
    prefix: prefixOf(kind, selection),
    isSelective: labels.length + fields.length > 0,
    matches: ({ object }) =>
      fields.every(({ requirement, read }) => (read(object) === requirement.value) === requirement.equals) &&
      matchesRequirements(labels, object.metadata.labels),
  }
}

function checkLabels({ key, operator, values }: Requirement): void {
  const isNumeric = operator === 'Gt' || operator === 'Lt'
  const reasons = [
    ...isQualifiedName(key).map((why) => `Invalid value: ${JSON.stringify(key)}: ${why}`),
    ...values.flatMap((value) => isLabelValue(value).map((why) => `Invalid value: ${JSON.stringify(value)}: ${why}`)),
    ...(isNumeric && !values.every((value) => /^-?\d+$/.test(value)) ? [NOT_A_NUMBER] : []),
  ]
  if (reasons.length > 0) throw ApiError.badRequest(`unable to parse requirement: ${reasons.join(', ')}`)
}

function prefixOf(kind: Kind, { namespace, fields = [] }: Selection): string {
  const equal = (field: string) =>
    fields.find((requirement) => requirement.field === field && requirement.equals)?.value
  const prefix = storagePrefix(kind, namespace || equal('metadata.namespace'))
  const isWhole = !kind.namespaced || prefix !== storagePrefix(kind)
  return isWhole ? prefix + (equal('metadata.name') ?? '') : prefix
}

function readerOf(kind: Kind, { field }: FieldRequirement): FieldReader {
  const { selectableFields } = strategyOf(kind)
  const read = [METADATA_FIELDS, selectableFields].find((fields) => Object.hasOwn(fields, field))?.[field]
  if (read) return read
  const hasOwnFields = Object.keys(selectableFields).length > 0
  throw ApiError.badRequest(
    hasOwnFields
      ? `field label not supported: ${field}`
      : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
  )
}
