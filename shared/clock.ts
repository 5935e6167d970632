/** Something that will happen later and can be called off. */
export interface Timer {
  cancel(): void
}

/** The only way to the time. A virtual one drives the simulation. */
export interface Clock {
  /** Wall-clock milliseconds since 1970. */
  now(): number
  /** Milliseconds that never run backwards, from an arbitrary start: for durations and timeouts. */
  monotonic(): number
  after(delayMs: number, run: () => void): Timer
  every(intervalMs: number, run: () => void): Timer
}

/** The machine's clock. Its timers keep the process alive unless `background` is set. */
export function systemClock(options: { background?: boolean } = {}): Clock {
  const settle = (handle: NodeJS.Timeout, clear: (handle: NodeJS.Timeout) => void): Timer => {
    if (options.background) handle.unref()
    return { cancel: () => clear(handle) }
  }
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after: (delayMs, run) => settle(setTimeout(run, Math.min(delayMs, MAX_DELAY_MS)), clearTimeout),
    every: (intervalMs, run) => settle(setInterval(run, intervalMs), clearInterval),
  }
}

/** Node fires a longer timeout at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const abort = () => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** RFC 3339 with whole seconds, as `metav1.Time` has it. */
export function timestamp(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`
}

/** RFC 3339 with microseconds, as `metav1.MicroTime` has it. */
export function microTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}
