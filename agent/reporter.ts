import type { EventReport, PodReport } from '../shared/protocol/frames.ts'

/** Where the agent's parts leave what the control plane should know. Never blocks, never throws. */
export interface Reporter {
  /** Keeps the newest per Pod and sends it, again after each reconnection, until the control plane knows that it is gone. */
  podStatus(report: Omit<PodReport, 'sequence'>): void
  /** Best effort: a bounded number wait while the connection is down. */
  event(event: EventReport): void
}

/** Where it is told that data is gone from this node. Best effort: what was not heard is asked for again. */
export interface VolumeReporter {
  volumeRemoved(volume: { name: string; uid: string }): void
}
