import type { HandlerTarget } from '../../agent/pods/handlers/handler-target.ts'
import type { ProbeOutcome, Prober } from '../../agent/pods/probes/prober.ts'
import type { Probe } from '../../shared/api/generated/core-v1.ts'

/** Answers as it is told, and otherwise that all is well. */
export class FakeProber implements Prober {
  answer: (probe: Probe, target: HandlerTarget) => ProbeOutcome = () => ({ success: true, message: '' })

  async probe(probe: Probe, target: HandlerTarget): Promise<ProbeOutcome> {
    return this.answer(probe, target)
  }
}
