import type { Ipv4Endpoint } from './frontend.ts'

/**
 * The endpoints in an order that begins as the order before did: one that is gone leaves its place to a new one, or else
 * to the last. So as few as possible get another number.
 */
export function numberedEndpoints(
  before: readonly Ipv4Endpoint[],
  now: readonly Ipv4Endpoint[],
): readonly Ipv4Endpoint[] {
  const wanted = new Set(now)
  const places: (Ipv4Endpoint | undefined)[] = before.map((endpoint) =>
    wanted.delete(endpoint) ? endpoint : undefined,
  )
  const newcomers = [...wanted]
  for (let place = 0; place < places.length; place++) places[place] ??= newcomers.shift()
  return filled([...places, ...newcomers])
}

/** The last ones move into what places are empty. */
function filled(places: readonly (Ipv4Endpoint | undefined)[]): Ipv4Endpoint[] {
  const result = [...places]
  for (let place = 0; place < result.length; place++) {
    while (result.length > place && result.at(-1) === undefined) result.pop()
    if (place < result.length && result[place] === undefined) result[place] = result.pop()
  }
  return result.filter((endpoint) => endpoint !== undefined)
}
