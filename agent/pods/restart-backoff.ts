import type { ContainerState } from '../runtime/runtime.ts'
import type { ExitedContainer } from './pod-observation.ts'

/**
 * How long the next restart must wait is kept with each container when it is made. So the backoff survives the agent,
 * and what to do follows from what the runtime shows.
 */
export const BACKOFF_ANNOTATION = 'kubette.dev/restart-backoff-ms'

const FIRST_BACKOFF_MS = 10_000
const MAX_BACKOFF_MS = 300_000
/** Who ran that long before it ended is forgiven. */
const FORGIVEN_AFTER_MS = 600_000
/** The runtime's clock may be a little ahead of ours. */
const CLOCK_SLACK_MS = 5_000

/** What to wait after the end of this instance; the first restart is at once. */
export function backoffMs(exited: ExitedContainer): number {
  if (ranLongEnough(exited)) return 0
  return keptBackoffMs(exited)
}

export function keptBackoffMs(container: ContainerState): number {
  return Number(container.annotations[BACKOFF_ANNOTATION] ?? 0)
}

/** What the instance after this one gets as its annotation. */
export function nextBackoffMs(exited: ExitedContainer): number {
  return Math.min(Math.max(2 * backoffMs(exited), FIRST_BACKOFF_MS), MAX_BACKOFF_MS)
}

/**
 * The moment from which on it may be started again. An instance of another definition holds nothing up, and neither
 * does one that ended in the future: the clock was set back since.
 */
export function restartAtMs(exited: ExitedContainer, wantedHash: string, nowMs: number): number {
  const endedMs = Date.parse(exited.state.finishedAt)
  if (endedMs > nowMs + CLOCK_SLACK_MS) return nowMs
  return exited.specHash === wantedHash ? endedMs + backoffMs(exited) : endedMs
}

function ranLongEnough({ state }: ExitedContainer): boolean {
  return Date.parse(state.finishedAt) - Date.parse(state.startedAt) > FORGIVEN_AFTER_MS
}
