const LENGTH = 12

/** A cluster is known by its CA: nothing else of it is as sure to stay and to be its own. */
export function clusterIdOf(ca: { hash: string }): string {
  return ca.hash.slice(0, LENGTH)
}
