/** Whether two JSON values say the same, whatever the order of their fields. An undefined field is an absent one. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && listsEqual(a, b)
  return fieldsEqual(a as Record<string, unknown>, b as Record<string, unknown>)
}

function listsEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => jsonEqual(item, b[index]))
}

function fieldsEqual(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const present = (object: Record<string, unknown>) => Object.keys(object).filter((key) => object[key] !== undefined)
  const keys = present(a)
  return keys.length === present(b).length && keys.every((key) => Object.hasOwn(b, key) && jsonEqual(a[key], b[key]))
}
