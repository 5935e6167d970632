import { u32 } from './elf-executable.ts'
import { MachineCode, type Register, type Relation } from './machine-code.ts'

/** By their number in instructions. A call of the kernel has `x0` to `x5` and `x8`. */
const REGISTERS: Readonly<Record<Register, number>> = {
  r0: 19,
  r1: 20,
  r2: 21,
  r3: 22,
  r4: 23,
  r5: 24,
  result: 9,
  stack: 31,
}
/** For a number that does not fit into an instruction. */
const SCRATCH = 10
const CALL = 8
const FIRST_ARGUMENT = 0

const CONDITIONS = { equal: 0, notEqual: 1, notLess: 10, less: 11, greater: 12, notGreater: 13 }
const LOADS = { 8: 0x39400000, 16: 0x79400000, 32: 0xb9400000, 64: 0xf9400000 } as const
const LOAD_SIGNED_32 = 0xb9800000
/** What makes a load of a store. */
const IS_LOAD = 0x00400000

export class Arm64Code extends MachineCode {
  constructor() {
    super('arm64')
  }

  set(to: Register, value: number): this {
    return this.#set(REGISTERS[to], value)
  }

  move(to: Register, from: Register): this {
    return this.#move(REGISTERS[to], from)
  }

  add(to: Register, what: Register | number): this {
    if (typeof what === 'number') return this.#withNumber(0x91000000, to, what)
    return this.#between(0x8b000000, REGISTERS[to], REGISTERS[what])
  }

  subtract(from: Register, what: Register | number): this {
    if (typeof what === 'number') return this.#withNumber(0xd1000000, from, what)
    return this.#between(0xcb000000, REGISTERS[from], REGISTERS[what])
  }

  and(to: Register, what: number): this {
    return this.#set(SCRATCH, what).#between(0x8a000000, REGISTERS[to], SCRATCH)
  }

  or(to: Register, what: number): this {
    return this.#set(SCRATCH, what).#between(0xaa000000, REGISTERS[to], SCRATCH)
  }

  multiply(to: Register, by: number): this {
    return this.#set(SCRATCH, by).#between(0x9b007c00, REGISTERS[to], SCRATCH)
  }

  swapBytes16(register: Register): this {
    const n = REGISTERS[register]
    return this.#word(0x5ac00400 | (n << 5) | n)
  }

  load(to: Register, base: Register, offset: number, bits: 8 | 16 | 32 | 64): this {
    return this.#inMemory(LOADS[bits], to, base, offset, bits)
  }

  loadSigned32(to: Register, base: Register, offset: number): this {
    return this.#inMemory(LOAD_SIGNED_32, to, base, offset, 32)
  }

  store(from: Register, base: Register, offset: number, bits: 8 | 16 | 32 | 64): this {
    return this.#inMemory(LOADS[bits] - IS_LOAD, from, base, offset, bits)
  }

  addressOf(to: Register, label: string): this {
    return this.#relative(label, 0x10000000 | REGISTERS[to], (distance) => {
      return ((distance & 3) << 29) | (((distance >> 2) & 0x7ffff) << 5)
    })
  }

  jump(label: string): this {
    return this.#relative(label, 0x14000000, (distance) => (distance >> 2) & 0x3ffffff)
  }

  jumpIf(left: Register, relation: Relation, right: Register | number, label: string): this {
    this.#compare(REGISTERS[left], right)
    return this.#relative(label, 0x54000000 | CONDITIONS[relation], (distance) => ((distance >> 2) & 0x7ffff) << 5)
  }

  protected callKernel(number: number, values: (number | Register)[]): this {
    values.forEach((value, index) => {
      const argument = FIRST_ARGUMENT + index
      typeof value === 'number' ? this.#set(argument, value) : this.#move(argument, value)
    })
    this.#set(CALL, number).#word(0xd4000001)
    // What it gives is where the next call's first argument goes: out of the way.
    return this.#word(0xaa0003e0 | (FIRST_ARGUMENT << 16) | REGISTERS.result)
  }

  #set(n: number, value: number): this {
    if (value < 0) return this.#word(0x92800000 | (~value << 5) | n)
    this.#word(0xd2800000 | ((value & 0xffff) << 5) | n)
    return value > 0xffff ? this.#word(0xf2a00000 | ((value >>> 16) << 5) | n) : this
  }

  /** The stack pointer can only be moved by adding nothing to it. */
  #move(n: number, from: Register): this {
    const f = REGISTERS[from]
    if (from === 'stack' || n === REGISTERS.stack) return this.#word(0x91000000 | (f << 5) | n)
    return this.#word(0xaa0003e0 | (f << 16) | n)
  }

  #between(operation: number, n: number, other: number): this {
    return this.#word(operation | (other << 16) | (n << 5) | n)
  }

  /** Up to 24 bits, of which an instruction takes the upper or the lower 12. */
  #withNumber(operation: number, register: Register, value: number): this {
    const n = REGISTERS[register]
    if (value > 0xffffff) throw new RangeError(`${value} is too much to add at once`)
    if (value >> 12) this.#word(operation | (1 << 22) | ((value >> 12) << 10) | (n << 5) | n)
    return value & 0xfff ? this.#word(operation | ((value & 0xfff) << 10) | (n << 5) | n) : this
  }

  #compare(n: number, right: Register | number): this {
    if (typeof right !== 'number') return this.#word(0xeb00001f | (REGISTERS[right] << 16) | (n << 5))
    if (right >= 0 && right < 4096) return this.#word(0xf100001f | (right << 10) | (n << 5))
    return this.#set(SCRATCH, right).#word(0xeb00001f | (SCRATCH << 16) | (n << 5))
  }

  #inMemory(operation: number, register: Register, base: Register, offset: number, bits: 8 | 16 | 32 | 64): this {
    const bytes = bits / 8
    if (offset % bytes !== 0) throw new RangeError(`${offset} is not a multiple of ${bytes}`)
    return this.#word(operation | ((offset / bytes) << 10) | (REGISTERS[base] << 5) | REGISTERS[register])
  }

  #relative(label: string, instruction: number, bits: (distance: number) => number): this {
    this.use(label, (code, at, distance) => code.writeUInt32LE((instruction | bits(distance)) >>> 0, at))
    return this.#word(instruction)
  }

  #word(instruction: number): this {
    return this.write(u32(instruction))
  }
}
