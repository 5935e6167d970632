import type { LabelSelector } from './api/object.ts'
import { type Requirement, requirementsOf } from './selectors.ts'

/** A selector as query text, keys in order: `app=web,tier in (a,b),!old`. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  const requirements = requirementsOf(selector ?? {})
  const sorted = [...requirements].sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
  return sorted.map(formatRequirement).join(',')
}

function formatRequirement({ key, operator, values }: Requirement): string {
  const set = `(${[...values].sort().join(',')})`
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in ${set}`
    case 'NotIn':
      return `${key} notin ${set}`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    case 'Gt':
      return `${key}>${values[0]}`
    case 'Lt':
      return `${key}<${values[0]}`
  }
}
