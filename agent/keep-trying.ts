import { type Clock, sleep } from '../shared/clock.ts'

export interface Retries {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How long to wait before each next time. */
  restMs(): number
  /** Not called for what failed after `signal` had aborted. */
  failed(error: unknown): void
}

/** Tries until it has worked, or until `signal` aborts. Never rejects. */
export async function keepTrying(attempt: () => Promise<void>, retries: Retries): Promise<void> {
  while (!retries.signal.aborted) {
    if (await hasWorked(attempt, retries)) return
    await rest(retries)
  }
}

/** Runs what should go on for ever, again whenever it has ended or failed, until `signal` aborts. Never rejects. */
export async function keepRunning(run: () => Promise<void>, retries: Retries): Promise<void> {
  while (!retries.signal.aborted) {
    await hasWorked(run, retries)
    await rest(retries)
  }
}

async function hasWorked(attempt: () => Promise<void>, { signal, failed }: Retries): Promise<boolean> {
  try {
    await attempt()
    return true
  } catch (error) {
    if (!signal.aborted) failed(error)
    return false
  }
}

function rest({ clock, signal, restMs }: Retries): Promise<void> {
  return sleep(clock, restMs(), signal).catch(() => undefined)
}
