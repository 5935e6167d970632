/**
 * Puts a merged list into order. What `order` names follows it; what it does not name (items that only the server
 * knows of) keeps its place among its former neighbours in `before`. What is new comes before it.
 * `order` holds items in short: values, or objects with the merge key.
 */
export function orderElements(
  merged: readonly unknown[],
  before: readonly unknown[],
  order: readonly unknown[],
  identify: (item: unknown) => string,
): unknown[] {
  const wanted = rank(order, identify)
  const former = rank(before, identify)
  const rankIn = (ranks: ReadonlyMap<string, number>) => (item: unknown) => ranks.get(identify(item)) ?? Infinity
  const named = sorted(
    merged.filter((item) => wanted.has(identify(item))),
    rankIn(wanted),
  )
  const others = sorted(
    merged.filter((item) => !wanted.has(identify(item))),
    rankIn(former),
  )
  return interleave(others, named, (item) => former.get(identify(item)))
}

/** Of one that is there twice the first place counts. */
function rank(items: readonly unknown[], identify: (item: unknown) => string): ReadonlyMap<string, number> {
  return new Map(items.map((item, index) => [identify(item), index] as const).reverse())
}

function sorted(items: readonly unknown[], rankOf: (item: unknown) => number): unknown[] {
  return [...items].sort((a, b) => (rankOf(a) === rankOf(b) ? 0 : rankOf(a) - rankOf(b)))
}

/** Takes from `left` only where both next items have a former place and left's came first. */
function interleave(
  left: readonly unknown[],
  right: readonly unknown[],
  formerPlace: (item: unknown) => number | undefined,
): unknown[] {
  const result: unknown[] = []
  let [i, j] = [0, 0]
  while (i < left.length && j < right.length) {
    const [leftPlace, rightPlace] = [formerPlace(left[i]), formerPlace(right[j])]
    const isLeftFirst = leftPlace !== undefined && rightPlace !== undefined && leftPlace < rightPlace
    result.push(isLeftFirst ? left[i++] : right[j++])
  }
  return [...result, ...left.slice(i), ...right.slice(j)]
}
