import { type Random, randomInt } from '../../shared/random.ts'
import { DurableModel } from './durable-model.ts'
import type { StartVictim, Victim } from './victim.ts'

export interface CrashOptions {
  start: StartVictim
  /** How the last one starts, after which all is checked once more. */
  startLast?: StartVictim
  random: Random
  /** The most writes that a victim is told of before it is killed. */
  mostWrites: number
  /** How many of a hundred are killed while they start, within that time. */
  killedEarly?: { percent: number; withinMs: number }
  /** Asked before every round. */
  goesOn(rounds: number): boolean
}

export interface CrashReport {
  readonly rounds: number
  readonly acknowledged: number
  readonly refused: number
  /** Changes found after a crash though nobody had been told. */
  readonly survived: number
}

/** Starts, lets write, kills, starts again; each time checks what is there. Throws where it is not what must be. */
export async function crashRounds(options: CrashOptions): Promise<CrashReport> {
  const { start, startLast = start, random, mostWrites, killedEarly = { percent: 0, withinMs: 0 } } = options
  const model = new DurableModel()
  let rounds = 0
  for (; options.goesOn(rounds); rounds++) {
    const victim = start(model)
    victim.ready.catch(() => {}) // it is waited for below
    try {
      if (randomInt(random, 100) < killedEarly.percent) {
        await pause(randomInt(random, killedEarly.withinMs))
      } else {
        await victim.ready
        await answered(model, 1 + randomInt(random, mostWrites), victim)
      }
    } finally {
      await victim.kill()
    }
    await victim.ready
  }
  const last = startLast(model)
  await last.ready
  await last.kill()
  const { acknowledged: written, refused, survived } = model
  return { rounds, acknowledged: written, refused, survived }
}

/** Resolves when that many more writes were acknowledged or refused, and some are under way; or the victim has ended. */
async function answered(model: DurableModel, more: number, victim: Victim): Promise<void> {
  const target = model.answered + more
  for (let waitedMs = 0; model.answered < target && !victim.hasEnded; waitedMs++) {
    if (waitedMs > PATIENCE_MS) throw new Error('no write is answered any more')
    await pause(1)
  }
}

const PATIENCE_MS = 30_000

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
