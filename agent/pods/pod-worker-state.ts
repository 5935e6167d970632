import type { Plan } from './plan.ts'
import { type PodSituation, planFinish, planSync, planTermination } from './pod-actions.ts'
import type { PodEnd } from './status/status-input.ts'

/** A Pod's way on this node. It only ever goes forward. */
export type PodWorkerState =
  /** It is to run as its spec says. */
  | { phase: 'syncing' }
  /** It has come to its end, and waits to be deleted: what still runs is ended, nothing is started. */
  | { phase: 'finished'; end: PodEnd }
  /** It is deleted: everything of it has to go. The deadline is monotonic. */
  | { phase: 'terminating'; deadlineMs: number }
  | { phase: 'terminated' }

/** Everything of the Pod has to go by then, or sooner where that was said before. */
export function terminatedBy(deadlineMs: number, state: PodWorkerState): PodWorkerState {
  if (state.phase === 'terminated') return state
  const sooner = state.phase === 'terminating' ? Math.min(state.deadlineMs, deadlineMs) : deadlineMs
  return { phase: 'terminating', deadlineMs: sooner }
}

/** What to do now for a Pod in this state. Pure: the same situation gives the same plan. */
export function planFor(state: PodWorkerState, situation: PodSituation): Plan {
  switch (state.phase) {
    case 'syncing':
      return planSync(situation)
    case 'finished':
      return planFinish(situation, state.end)
    case 'terminating':
      return planTermination(situation, state.deadlineMs)
    // A call that was given up may still have made something: it goes too.
    case 'terminated':
      return planTermination(situation, situation.monotonicMs)
  }
}
