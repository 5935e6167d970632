/**
 * Calls `act` up to `count` times, in batches of 1, 2, 4, 8 ...; a batch with a failure is the last. So what is bound
 * to fail (a quota, a bad template) costs one call and not `count`.
 */
export async function slowStart(
  count: number,
  act: () => Promise<void>,
): Promise<{ succeeded: number; error?: unknown }> {
  let succeeded = 0
  for (let batch = 1; succeeded < count; batch *= 2) {
    const size = Math.min(batch, count - succeeded)
    const results = await Promise.allSettled(Array.from({ length: size }, act))
    const failed = results.filter((result) => result.status === 'rejected')
    succeeded += size - failed.length
    if (failed[0]) return { succeeded, error: failed[0].reason }
  }
  return { succeeded }
}
