import { SYSTEM_CALLS, type SystemCall } from './system-calls.ts'

/** Registers of 64 bits: six for the program's own, which calls of the kernel keep, what the last call gave, and the stack pointer. */
export type Register = 'r0' | 'r1' | 'r2' | 'r3' | 'r4' | 'r5' | 'result' | 'stack'

/** Of signed numbers of 64 bits. */
export type Relation = 'equal' | 'notEqual' | 'less' | 'notLess' | 'greater' | 'notGreater'

/** Puts the distance to a label into an instruction that was written before it was known. */
type Patch = (code: Buffer, at: number, distance: number) => void

/**
 * Machine code in the making, for one architecture: the few instructions that the programs are made of, one after the other,
 * and labels that may be used before they are placed. A program is written once, for all of them.
 *
 * Numbers are of 32 bits, or negative of 16; to add, subtract or compare with, of 24. Offsets in memory are below 4096 times the width of what is there.
 */
export abstract class MachineCode {
  readonly #pieces: Buffer[] = []
  readonly #labels = new Map<string, number>()
  readonly #uses: { label: string; at: number; patch: Patch }[] = []
  readonly #architecture: 'amd64' | 'arm64'
  #size = 0

  constructor(architecture: 'amd64' | 'arm64') {
    this.#architecture = architecture
  }

  abstract set(to: Register, value: number): this
  abstract move(to: Register, from: Register): this
  abstract add(to: Register, what: Register | number): this
  abstract subtract(from: Register, what: Register | number): this
  abstract and(to: Register, what: number): this
  abstract or(to: Register, what: number): this
  abstract multiply(to: Register, by: number): this
  /** Of the lower 16 bits, where the others are 0. */
  abstract swapBytes16(register: Register): this
  /** The rest of the register becomes 0. */
  abstract load(to: Register, base: Register, offset: number, bits: 8 | 16 | 32 | 64): this
  abstract loadSigned32(to: Register, base: Register, offset: number): this
  abstract store(from: Register, base: Register, offset: number, bits: 8 | 16 | 32 | 64): this
  abstract addressOf(to: Register, label: string): this
  abstract jump(label: string): this
  abstract jumpIf(left: Register, relation: Relation, right: Register | number, label: string): this
  protected abstract callKernel(number: number, values: (number | Register)[]): this

  /** Calls the kernel: what it gives is in `result`, negative for an error. */
  syscall(call: SystemCall, ...values: (number | Register)[]): this {
    return this.callKernel(SYSTEM_CALLS[call][this.#architecture], values)
  }

  /** The place of what comes next. */
  label(name: string): this {
    if (this.#labels.has(name)) throw new Error(`there are two labels ${name}`)
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
