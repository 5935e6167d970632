import { type Runtime, RuntimeFailure } from '../../agent/runtime/runtime.ts'
import { type Clock, sleep } from '../../shared/clock.ts'
import type { FakeCall } from './fake-runtime.ts'

/** How long Docker's client waits for an answer. */
const TIMEOUT_MS = 120_000

/** Stands before a runtime that does as it is told, but whose answer is sometimes lost: the caller sees a timeout. */
export class UnansweredCalls {
  readonly #clock: Clock
  readonly #next = new Set<FakeCall>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  loseNext(call: FakeCall): void {
    this.#next.add(call)
  }

  before(runtime: Runtime): Runtime {
    return new Proxy(runtime, {
      get: (target, name: keyof Runtime) => {
        const method = (target[name] as (...args: unknown[]) => unknown).bind(target)
        return (...args: unknown[]) => {
          const answer = method(...args)
          return this.#next.delete(name as FakeCall) ? this.#timeOut(name, answer) : answer
        }
      },
    })
  }

  async #timeOut(name: string, answer: unknown): Promise<never> {
    await answer
    await sleep(this.#clock, TIMEOUT_MS)
    throw new RuntimeFailure('timeout', `no answer to ${name}`)
  }
}
