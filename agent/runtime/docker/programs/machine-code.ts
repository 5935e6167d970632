/** Puts the distance to a label into an instruction that was written before it was known. */
type Patch = (code: Buffer, at: number, distance: number) => void

/** Machine code in the making: instructions one after the other, and labels that may be used before they are placed. */
export abstract class MachineCode {
  readonly #pieces: Buffer[] = []
  readonly #labels = new Map<string, number>()
  readonly #uses: { label: string; at: number; patch: Patch }[] = []
  #size = 0

  /** The place of what comes next. */
  label(name: string): this {
    this.#labels.set(name, this.#size)
    return this
  }

  /** Bytes as they are. */
  data(bytes: Buffer): this {
    return this.write(bytes)
  }

  /** @throws Error for a label that was never placed */
  build(): Buffer {
    const code = Buffer.concat(this.#pieces)
    for (const { label, at, patch } of this.#uses) {
      const target = this.#labels.get(label)
      if (target === undefined) throw new Error(`there is no label ${label}`)
      patch(code, at, target - at)
    }
    return code
  }

  protected write(...bytes: (number | Buffer)[]): this {
    const piece = Buffer.concat(bytes.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)))
    this.#pieces.push(piece)
    this.#size += piece.length
    return this
  }

  /** The place of what was or will be written next, which `patch` fills in. */
  protected use(label: string, patch: Patch): void {
    this.#uses.push({ label, at: this.#size, patch })
  }
}
