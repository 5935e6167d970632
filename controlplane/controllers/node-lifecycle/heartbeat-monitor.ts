export interface HeartbeatOptions {
  /** A node that has been silent for this long is lost. */
  graceMs: number
  /** How often `round` is called. */
  roundMs: number
  /** For one that has not been heard since we began to listen, that nobody was heard, or that it left; `graceMs` unless told. */
  returnGraceMs?: number
}

/**
 * How long nodes have been silent. Silence is counted only in time that this process demonstrably lived through: a
 * node is never lost because we were stalled, or have just started. Nor because what it said is on its way: one that
 * seems lost is so once that is ruled out.
 */
export class HeartbeatMonitor {
  readonly #graceMs: number
  readonly #returnGraceMs: number
  readonly #longestStepMs: number
  readonly #silenceMs = new Map<string, number>()
  /** Those that seem lost: false until that is certain. */
  readonly #suspects = new Map<string, boolean>()
  #isDisrupted = false

  constructor({ graceMs, roundMs, returnGraceMs = graceMs }: HeartbeatOptions) {
    this.#graceMs = graceMs
    this.#returnGraceMs = returnGraceMs
    this.#longestStepMs = 2 * roundMs
  }

  /** A sign of life. */
  heard(name: string): void {
    this.#silenceMs.set(name, 0)
    this.#suspects.delete(name)
  }

  /** It goes, and may come back; of no use to one that seems lost already. */
  left(name: string): void {
    if (!this.#seemsLost(name)) this.#awaitReturn(name)
  }

  forget(name: string): void {
    this.#silenceMs.delete(name)
    this.#suspects.delete(name)
  }

  /** `elapsedMs` have passed since the last round; these are the nodes there are. */
  round(names: readonly string[], elapsedMs: number): void {
    const stepMs = Math.min(elapsedMs, this.#longestStepMs)
    for (const name of names) {
      const silenceMs = this.#silenceMs.get(name)
      if (silenceMs === undefined) this.#awaitReturn(name)
      else this.#silenceMs.set(name, silenceMs + stepMs)
    }
    const wasDisrupted = this.#isDisrupted
    this.#isDisrupted = this.#seemAllLost(names)
    if (wasDisrupted && !this.#isDisrupted) this.#grantNewGrace(names)
  }

  /** Suspects those that have been silent for too long; true where some wait for a `confirm`. */
  suspect(names: readonly string[]): boolean {
    const found = names.filter((name) => this.#seemsLost(name) && !this.#suspects.has(name))
    for (const name of found) this.#suspects.set(name, false)
    return [...this.#suspects.values()].includes(false)
  }

  /** All has been heard that suspects said before they were suspected. */
  confirm(): void {
    for (const name of this.#suspects.keys()) this.#suspects.set(name, true)
  }

  isLost(name: string): boolean {
    return this.#suspects.get(name) ?? false
  }

  /**
   * True while every node, of more than one, is silent: then it is the network or this machine that failed, rather
   * than all of them at once, and nobody should act on it.
   */
  get isDisrupted(): boolean {
    return this.#isDisrupted
  }

  /** Beats come at different moments: when the first node is lost the others may be halfway there. */
  #seemAllLost(names: readonly string[]): boolean {
    const isSilent = (name: string) => (this.#silenceMs.get(name) ?? 0) >= this.#graceMs / 2
    return names.length > 1 && names.every(isSilent) && names.some((name) => this.#seemsLost(name))
  }

  #seemsLost(name: string): boolean {
    return (this.#silenceMs.get(name) ?? 0) >= this.#graceMs
  }

  /** The first nodes are heard again: the others get the time to follow. */
  #grantNewGrace(names: readonly string[]): void {
    for (const name of names) this.#awaitReturn(name)
  }

  /** As if it had been heard a while after now. */
  #awaitReturn(name: string): void {
    this.#silenceMs.set(name, this.#graceMs - this.#returnGraceMs)
    this.#suspects.delete(name)
  }
}
