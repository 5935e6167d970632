import type { TopologySelectorTerm } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isQualifiedName } from '../validation/names.ts'

/** Where the volumes of a class may be made. */
export function validateAllowedTopologies(
  terms: readonly TopologySelectorTerm[],
  path: string,
  errors: FieldErrors,
): void {
  for (const [index, term] of terms.entries()) validateTerm(term, `${path}[${index}].matchLabelExpressions`, errors)
}

function validateTerm({ matchLabelExpressions = [] }: TopologySelectorTerm, path: string, errors: FieldErrors): void {
  const keys = new Set<string>()
  for (const [index, { key, values }] of matchLabelExpressions.entries()) {
    const at = `${path}[${index}]`
    if (values.length === 0) errors.required(`${at}.values`)
    for (const [position, value] of values.entries()) {
      if (values.indexOf(value) < position) errors.duplicate(`${at}.values[${position}]`, value)
    }
    errors.check(`${at}.key`, key, isQualifiedName)
    if (keys.has(key)) errors.duplicate(`${at}.key`, key)
    keys.add(key)
  }
}
