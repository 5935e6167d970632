import type { Container, Probe } from '../../../shared/api/generated/core-v1.ts'

export interface ProbeTarget {
  containerId: string
  container: Container
  /** Where to dial; absent while the Pod has no address. */
  podIP: string | undefined
}

export interface ProbeOutcome {
  success: boolean
  /** What the user is told of a failure. */
  message: string
}

/** Asks one container once how it is. Never rejects; an outcome comes within the probe's `timeoutSeconds`. */
export interface Prober {
  probe(probe: Probe, target: ProbeTarget): Promise<ProbeOutcome>
}
