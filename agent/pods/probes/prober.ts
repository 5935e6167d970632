import type { Probe } from '../../../shared/api/generated/core-v1.ts'
import type { HandlerTarget } from '../handlers/handler-target.ts'

export interface ProbeOutcome {
  /** Absent where the probe itself could not be made, which says nothing of the container. */
  success?: boolean
  /** What the user is told: why it failed, or what is odd about a success. */
  message: string
}

/** Asks one container once how it is. Never rejects; an outcome comes within the probe's `timeoutSeconds`. */
export interface Prober {
  probe(probe: Probe, target: HandlerTarget): Promise<ProbeOutcome>
}
