import { type Clock, sleep } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { OtherContainer, Runtime } from '../runtime/runtime.ts'
import type { NodeOffer } from './node-capacity.ts'

/** What other containers hold of the machine. */
export interface Held {
  cpuMilli: number
  memoryBytes: number
}

export interface HeldByOthersOptions {
  runtime: Pick<Runtime, 'otherContainers'>
  /** What the node offers of the machine: of a resource that is named here other nodes have their own part. */
  capacity: NodeOffer['capacity']
  clock: Clock
  log: Logger
}

/** What is measured counts in steps, so that a node does not change all the time. */
const STEP_BYTES = 64 * 2 ** 20
/** How long to wait for an answer: somebody's container that hangs must not hold up the node. */
const PATIENCE_MS = 2_000

/**
 * What the node cannot give because containers that are not its own hold it: those of no Pod, and where the node offers
 * all of the machine those of other nodes on it.
 */
export class HeldByOthers {
  readonly #options: HeldByOthersOptions
  #measuredBytes = 0
  #held: Held = { cpuMilli: 0, memoryBytes: 0 }
  #looking: Promise<void> | undefined

  constructor(options: HeldByOthersOptions) {
    this.#options = options
  }

  /** As of the last answer; nothing before the first. */
  get held(): Held {
    return this.#held
  }

  /** Asks, and waits a moment for the answer; what comes later counts, too. Never rejects. */
  async look(): Promise<void> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = undefined
    })
    const answered = new AbortController()
    const patience = sleep(this.#options.clock, PATIENCE_MS, answered.signal).catch(() => undefined)
    await Promise.race([this.#looking, patience])
    answered.abort()
  }

  async #ask(): Promise<void> {
    try {
      this.#held = this.#sum(await this.#options.runtime.otherContainers())
    } catch (error) {
      this.#options.log.warn({ err: error }, 'could not see what other containers hold')
    }
  }

  #sum(others: readonly OtherContainer[]): Held {
    const counted = (resource: 'cpu' | 'memory') =>
      this.#options.capacity[resource] === undefined ? others : others.filter(({ isPods }) => !isPods)
    const memory = counted('memory')
    this.#measure(sum(memory.filter(({ isMeasured }) => isMeasured).map(({ memoryBytes }) => memoryBytes)))
    const reserved = sum(memory.filter(({ isMeasured }) => !isMeasured).map(({ memoryBytes }) => memoryBytes))
    const cpuMilli = sum(counted('cpu').map((other) => other.cpuMilli))
    return { cpuMilli, memoryBytes: reserved + this.#measuredBytes }
  }

  /** It counts for more as soon as it is, for less when it is by more than a step. */
  #measure(bytes: number): void {
    const isMore = bytes > this.#measuredBytes
    if (!isMore && bytes > this.#measuredBytes - 2 * STEP_BYTES && bytes > 0) return
    this.#measuredBytes = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES
  }
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0)
}
