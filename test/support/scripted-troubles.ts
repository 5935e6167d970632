interface Trouble {
  /** Absent: the call never answers. */
  error?: Error
  times: number
}

/** Calls that were told to fail or to hang, for fakes. */
export class ScriptedTroubles<Call extends string> {
  readonly #troubles = new Map<Call, Trouble>()

  fail(call: Call, error: Error, times: number): void {
    this.#troubles.set(call, { error, times })
  }

  hang(call: Call, times: number): void {
    this.#troubles.set(call, { times })
  }

  /** Rejects or hangs if this call's turn has come. */
  async strike(call: Call): Promise<void> {
    const trouble = this.#troubles.get(call)
    if (!trouble || trouble.times <= 0) return
    trouble.times--
    if (trouble.error) throw trouble.error
    await new Promise(() => undefined)
  }
}
