/** Orders by code units, the same everywhere; comparing by a locale would also load Unicode's tables, 3 MB. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
