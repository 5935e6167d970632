import type { Probe } from '../../../shared/api/generated/core-v1.ts'

export type ProbeKind = 'liveness' | 'readiness' | 'startup'

export interface ProbeState {
  result: 'success' | 'failure' | 'unknown'
  /** How many outcomes in a row were like the last one. */
  run: number
  last?: boolean
}

/** Before the first outcome a container counts as alive, and as neither ready nor started. */
export function initialProbeState(kind: ProbeKind): ProbeState {
  return { result: kind === 'liveness' ? 'success' : kind === 'readiness' ? 'failure' : 'unknown', run: 0 }
}

/** The result turns only after as many equal outcomes in a row as the probe's thresholds say. */
export function nextProbeState(state: ProbeState, probe: Probe, success: boolean): ProbeState {
  const run = state.last === success ? state.run + 1 : 1
  const threshold = success ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
  return { last: success, run, result: run < threshold ? state.result : success ? 'success' : 'failure' }
}
