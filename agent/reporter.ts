import type { EventReport, PodReport } from '../shared/protocol/frames.ts'

/** Where the agent's parts leave what the control plane should know. Never blocks, never throws. */
export interface Reporter {
  /** Keeps the newest per Pod and sends it, again after a reconnection, until the control plane has stored it. */
  podStatus(report: Omit<PodReport, 'sequence'>): void
  /** Best effort: a bounded number wait while the connection is down. */
  event(event: EventReport): void
}
