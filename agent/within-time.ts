import type { Clock } from '../shared/clock.ts'

/** What `run` comes to; aborts the signal when that takes longer, and rejects with what `late` then says. */
export async function withinTime<T>(
  clock: Clock,
  timeoutMs: number,
  late: () => string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const giveUp = new AbortController()
  let expire = () => {}
  const expired = new Promise<never>((_, reject) => {
    expire = () => reject(new Error(late()))
  })
  const timer = clock.after(timeoutMs, () => expire())
  try {
    return await Promise.race([run(giveUp.signal), expired])
  } finally {
    timer.cancel()
    giveUp.abort()
  }
}
