import type { DurableModel } from './durable-model.ts'

/** A process that writes and can be killed at any time. On a failing disk it may also end by itself. */
export interface Victim {
  /** Resolves when the model has checked what is there, or it was killed before. Rejects where that is not right. */
  readonly ready: Promise<void>
  /** True once it is gone. */
  readonly hasEnded: boolean
  /** Ends it as a power cut would; resolves when all that it had said is in the model. */
  kill(): Promise<void>
}

/** Starts a victim on the data of the one before. What it does and is told goes to the model. */
export type StartVictim = (model: DurableModel) => Victim
