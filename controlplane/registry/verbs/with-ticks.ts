import type { Clock } from '../../../shared/clock.ts'

export interface Tick<V> {
  readonly type: 'tick'
  readonly value: V
}

/**
 * The items of `source`, and in between a tick for each interval at whose end the source had nothing more to give
 * and the reader waited. `read` is called at that moment: whatever the source could tell then, the reader has seen.
 */
export async function* withTicks<T, V>(
  source: AsyncIterable<T>,
  clock: Clock,
  intervalMs: number,
  read: () => V,
): AsyncGenerator<T | Tick<V>> {
  const iterator = source[Symbol.asyncIterator]()
  let arrived: { result: IteratorResult<T> } | { error: unknown } | undefined
  let tick: Tick<V> | undefined
  let wake: (() => void) | undefined
  const pull = () => {
    arrived = undefined
    iterator.next().then(
      (result) => {
        arrived = { result }
        wake?.()
      },
      (error: unknown) => {
        arrived = { error }
        wake?.()
      },
    )
  }
  const timer = clock.every(intervalMs, () => {
    // Timers run when no promise is left to settle, so whoever still waits here has seen everything.
    if (!wake) return
    tick = { type: 'tick', value: read() }
    wake()
  })
  try {
    pull()
    for (;;) {
      if (!arrived) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
      }
      if (tick) {
        yield tick
        tick = undefined
      } else if (arrived) {
        if ('error' in arrived) throw arrived.error
        if (arrived.result.done) return
        yield arrived.result.value
        pull()
      }
    }
  } finally {
    timer.cancel()
    void iterator.return?.() // takes effect once the source gives way, which may be long: not waited for
  }
}
