import type { Clock, Timer } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'

/** Somebody who makes the network so: the rules of Services, or DNS. */
export interface NetworkConsumer {
  /** It goes by this version of the snapshot, everywhere on this node, or by a later one. */
  applied(version: number): void
  /** It does not count any more. */
  close(): void
}

/** Who has not applied a version for so long is named in the log. The control plane goes on without this node then. */
const LATE_MS = 5_000

/**
 * The version that all consumers go by: the least of theirs. Nobody is given up here, so what the node says is always
 * true; that a node holds up nobody for long is the control plane's business.
 */
export class AppliedVersions {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #consumers = new Map<NetworkConsumer, { name: string; version: number }>()
  readonly #listeners: (() => void)[] = []
  #offered = 0
  #version = 0
  #lateness: Timer | undefined

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#clock = clock
    this.#log = log
  }

  get version(): number {
    return this.#version
  }

  consumer(name: string): NetworkConsumer {
    const consumer: NetworkConsumer = {
      applied: (version) => this.#applied(consumer, version),
      close: () => {
        this.#consumers.delete(consumer)
        this.#settle()
      },
    }
    this.#consumers.set(consumer, { name, version: 0 })
    return consumer
  }

  onRise(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** There is a new version for all to go by. */
  offer(version: number): void {
    this.#offered = version
    this.#lateness ??= this.#clock.after(LATE_MS, () => this.#nameLate(version))
    this.#settle()
  }

  #applied(consumer: NetworkConsumer, version: number): void {
    const known = this.#consumers.get(consumer)
    if (known && version > known.version) known.version = Math.min(version, this.#offered)
    this.#settle()
  }

  #settle(): void {
    const least = Math.min(this.#offered, ...[...this.#consumers.values()].map(({ version }) => version))
    if (least === this.#offered) this.#onTime()
    if (least <= this.#version) return
    this.#version = least
    for (const listener of this.#listeners) listener()
  }

  #onTime(): void {
    this.#lateness?.cancel()
    this.#lateness = undefined
  }

  #nameLate(version: number): void {
    this.#lateness = undefined
    const late = [...this.#consumers.values()].filter((consumer) => consumer.version < version)
    if (late.length > 0) this.#log.warn({ parts: late.map(({ name }) => name) }, 'the network is not applied in time')
    if (this.#version < this.#offered) this.#lateness = this.#clock.after(LATE_MS, () => this.#nameLate(this.#offered))
  }
}
