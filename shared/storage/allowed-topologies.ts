import type { StorageClass } from '../api/kinds.ts'

/** Whether volumes of the class may be made on a node with these labels: on any, or where one of its terms fits. */
export function allowsVolumesOn(
  { allowedTopologies = [] }: StorageClass,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  if (allowedTopologies.length === 0) return true
  return allowedTopologies.some(({ matchLabelExpressions = [] }) => {
    const fits = matchLabelExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))
    return fits && matchLabelExpressions.length > 0
  })
}
